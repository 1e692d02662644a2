// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/heap_settings.h"

#include "core/size.h"
#include "tools/dmaheapd/node_permissions.h"

namespace dmaheap::daemon {

namespace {

Bytes default_limit()
{
    return machine_memory() / 2;
}

} // namespace

Limits limits_of(const config::Heap &heap)
{
    return { .total = heap.limit.value_or(default_limit()),
             .per_user = heap.limit_per_uid,
             .per_process = heap.limit_per_process,
             .buffer = heap.max_buffer };
}

Limits limits_of_all(const config::Limits &limits)
{
    return { .total = limits.limit,
             .per_user = limits.limit_per_uid,
             .per_process = limits.limit_per_process,
             .buffer = limits.max_buffer };
}

std::vector<cuse::Node> nodes_of(const config::Heap &heap, cuse::Device *device)
{
    std::vector<cuse::Node> nodes{
        { .name = heap.name, .device = device, .permissions = resolved("heap " + heap.name, heap) }
    };
    for (const std::string &alias : heap.aliases) {
        nodes.push_back(nodes.front());
        nodes.back().name = alias;
    }
    return nodes;
}

} // namespace dmaheap::daemon
