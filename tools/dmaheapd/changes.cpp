// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/changes.h"

#include <algorithm>
#include <utility>

namespace dmaheap::daemon {

namespace {

using config::Config;
using config::Heap;
using config::Region;

const Heap *find_heap(const Config &config, const std::string &name)
{
    const auto found = std::ranges::find(config.heaps, name, &Heap::name);
    return found == config.heaps.end() ? nullptr : &*found;
}

/// Regions that are there stay as they are; new ones can be made.
bool keeps_regions(const Config &old, const Config &next)
{
    return std::ranges::all_of(old.regions, [&](const Region &region) {
        return std::ranges::find(next.regions, region) != next.regions.end();
    });
}

std::vector<std::string> settings_of_start(const Config &old, const Config &next)
{
    std::vector<std::string> names;
    const auto note = [&](bool same, const char *name) {
        if (!same)
            names.emplace_back(name);
    };
    note(old.frontend == next.frontend, "frontend");
    note(old.exporter == next.exporter, "exporter");
    note(old.delivery == next.delivery, "delivery");
    note(old.dev_root == next.dev_root, "dev-root");
    note(old.control == next.control, "control");
    note(old.control_group == next.control_group, "control-group");
    note(old.ion == next.ion, "ion");
    note(keeps_regions(old, next), "a region that is there");
    return names;
}

} // namespace

bool same_memory(const Heap &one, const Heap &other)
{
    Heap like = other;
    like.limit = one.limit;
    like.limit_per_uid = one.limit_per_uid;
    like.limit_per_process = one.limit_per_process;
    like.max_buffer = one.max_buffer;
    like.mode = one.mode;
    like.owner = one.owner;
    like.group = one.group;
    like.aliases = one.aliases;
    like.on_conflict = one.on_conflict;
    return like == one;
}

Changes compare(const Config &old, const Config &next)
{
    Changes changes;
    changes.not_now = settings_of_start(old, next);
    for (const Heap &heap : next.heaps) {
        const Heap *const before = find_heap(old, heap.name);
        if (!before || !same_memory(*before, heap))
            changes.made.push_back(heap);
        else if (*before != heap)
            changes.adjusted.push_back(heap);
    }
    for (const Heap &heap : old.heaps) {
        const Heap *const after = find_heap(next, heap.name);
        if (!after || !same_memory(heap, *after))
            changes.gone.push_back(heap.name);
    }
    return changes;
}

Config as_served(const Config &old, Config next)
{
    next.frontend = old.frontend;
    next.exporter = old.exporter;
    next.delivery = old.delivery;
    next.dev_root = old.dev_root;
    next.control = old.control;
    next.control_group = old.control_group;
    next.ion = old.ion;
    std::vector<Region> regions = old.regions;
    for (Region &region : next.regions)
        if (std::ranges::find(regions, region.name, &Region::name) == regions.end())
            regions.push_back(std::move(region));
    next.regions = std::move(regions);
    return next;
}

} // namespace dmaheap::daemon
