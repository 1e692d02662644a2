// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/heap.h"
#include "cuse/aside.h"
#include "cuse/delivery/delivery.h"
#include "cuse/device.h"
#include "cuse/heap_access.h"
#include "cuse/ion_handles.h"
#include "cuse/ion_heaps.h"
#include "cuse/later.h"
#include "tools/dmaheapd/config.h"

/// The ION nodes that the config asks for.
namespace dmaheap::daemon {

/// What the devices of all ION nodes need; it outlives them.
struct IonServices {
    Exporter &exporter;
    cuse::IonQuota &quota;
    delivery::Delivery &delivery;
    cuse::Aside &aside;
    cuse::Later &later; ///< which ends first, see AllocatingDevice
    cuse::HeapAccess access;
    cuse::OnRefusal on_refusal;
};

/// The heaps of a node, with what ION tells of them where the config does not say it. Those that
/// are not served are left away, with a line in the log.
std::vector<cuse::IonHeap> ion_heaps(const config::Config &config, const config::Ion &ion,
                                     const std::vector<std::unique_ptr<Heap>> &served);

std::unique_ptr<cuse::Device> make_ion_device(const config::Ion &ion,
                                              std::vector<cuse::IonHeap> heaps,
                                              const IonServices &services);

} // namespace dmaheap::daemon
