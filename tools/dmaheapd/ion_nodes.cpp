// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/ion_nodes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <spdlog/spdlog.h>

#include "cuse/ion_heap_types.h"
#include "cuse/ion_legacy_device.h"
#include "cuse/ion_modern_device.h"
#include "tools/dmaheapd/ion_keys.h"
#include "tools/dmaheapd/ion_tables.h"

namespace dmaheap::daemon {

namespace {

using cuse::IonHeapType;

/// Heaps that programs take for the CMA area's, wherever their memory comes from.
constexpr std::array<std::string_view, 6> kContiguousNames{
    "linux,cma", "reserved", "default_cma_region", "default-pool", "cma", "cma-uncached"
};

bool taken_for_contiguous(const std::string &name)
{
    return std::ranges::find(kContiguousNames, name) != kContiguousNames.end();
}

/// `called`: a name of the heap.
IonHeapType type_for(const config::Heap &heap, const std::string &called)
{
    if (heap.policy == "carveout")
        return IonHeapType::carveout;
    if (heap.policy != "system" || taken_for_contiguous(heap.name) || taken_for_contiguous(called))
        return IonHeapType::dma;

    return IonHeapType::system;
}

std::uint32_t type_of(const config::IonHeap &asked, const config::Heap &heap)
{
    const auto named = asked.type ? config::ion_heap_type(*asked.type) : std::nullopt;
    return named.value_or(static_cast<std::uint32_t>(type_for(heap, asked.heap)));
}

/// As the kernel calls them; a CMA heap has its area's name.
std::string name_of(const config::IonHeap &asked, std::uint32_t type)
{
    if (asked.name)
        return *asked.name;
    if (type == static_cast<std::uint32_t>(IonHeapType::system))
        return "ion_system_heap";
    if (type == static_cast<std::uint32_t>(IonHeapType::system_contig))
        return "ion_system_contig_heap";

    return asked.heap;
}

} // namespace

std::vector<cuse::IonHeap> ion_heaps(const config::Config &config, const config::Ion &ion,
                                     const std::vector<std::unique_ptr<Heap>> &served)
{
    std::vector<cuse::IonHeap> heaps;
    for (const config::IonHeap &asked : ion.heaps) {
        const config::Heap *const described = config::heap_called(asked.heap, config);
        const auto heap =
            described ? std::ranges::find(served, described->name, &Heap::name) : served.end();
        if (heap == served.end()) {
            spdlog::warn("{}: no heap with id {}: {} is not served", ion.name, asked.id,
                         asked.heap);
            continue;
        }
        const std::uint32_t type = type_of(asked, *described);
        heaps.push_back(
            { .id = asked.id, .type = type, .name = name_of(asked, type), .heap = heap->get() });
    }
    return heaps;
}

std::unique_ptr<cuse::Device> make_ion_device(const config::Ion &ion,
                                              std::vector<cuse::IonHeap> heaps,
                                              const IonServices &services)
{
    cuse::IonHeaps usable(std::move(heaps), services.access);
    if (ion.abi == config::IonAbi::legacy)
        return std::make_unique<cuse::IonLegacyDevice>(
            ion.name, std::move(usable),
            cuse::IonLegacyDevice::Services{ .exporter = services.exporter,
                                             .quota = services.quota,
                                             .delivery = services.delivery,
                                             .aside = services.aside,
                                             .later = services.later },
            services.on_refusal);
    return std::make_unique<cuse::IonModernDevice>(
        cuse::IonModernDevice::Options{ .name = ion.name, .abi_version = ion.abi_version },
        std::move(usable), services.delivery, services.aside, services.later, services.on_refusal);
}

} // namespace dmaheap::daemon
