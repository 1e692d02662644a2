// SPDX-License-Identifier: MIT
#include "core/place.h"

#include <algorithm>

namespace dmaheap {

namespace {

bool overlap(const Range &one, const Range &other)
{
    return one.offset < other.offset + other.size && other.offset < one.offset + one.size;
}

} // namespace

Place place_of(const Memory &memory)
{
    Place place;
    for (const Extent &extent : memory.extents()) {
        const auto file = inode_of(extent.file.get());
        if (!file || (!place.ranges.empty() && *file != place.file))
            return {};

        place.file = *file;
        place.ranges.push_back({ .offset = extent.offset, .size = extent.size });
    }
    return place;
}

bool overlap(const Place &one, const Place &other)
{
    return one.file == other.file && std::ranges::any_of(one.ranges, [&](const Range &range) {
               return std::ranges::any_of(
                   other.ranges, [&](const Range &another) { return overlap(range, another); });
           });
}

} // namespace dmaheap
