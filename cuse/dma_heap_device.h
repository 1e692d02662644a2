// SPDX-License-Identifier: MIT
#pragma once

#include "core/heap.h"
#include "cuse/delivery/delivery.h"
#include "cuse/device.h"

namespace dmaheap::cuse {

/// A heap's node: the kernel's checks in the kernel's order, as dma_heap_ioctl() makes them.
class DmaHeapDevice final : public Device {
public:
    /// Heap and delivery must outlive the device.
    DmaHeapDevice(Heap &heap, delivery::Delivery &delivery, OnRefusal on_refusal);

    void ioctl(const Ioctl &request, delivery::PendingReply reply) override;

private:
    Heap &heap_;
    delivery::Delivery &delivery_;
    OnRefusal on_refusal_;
};

} // namespace dmaheap::cuse
