// SPDX-License-Identifier: MIT
#pragma once

#include "core/heap.h"
#include "cuse/allocating_device.h"
#include "cuse/delivery/delivery.h"

namespace dmaheap::cuse {

/// A heap's node: the kernel's checks in the kernel's order, as dma_heap_ioctl() makes them.
class DmaHeapDevice final : public AllocatingDevice {
public:
    /// Heap and delivery must outlive the device.
    DmaHeapDevice(Heap &heap, delivery::Delivery &delivery, Later &later, OnRefusal on_refusal);

private:
    void serve(const Ioctl &request, delivery::PendingReply reply, DrawnFaults faults) override;

    Heap &heap_;
    delivery::Delivery &delivery_;
    OnRefusal on_refusal_;
};

} // namespace dmaheap::cuse
