// SPDX-License-Identifier: MIT
#include "core/extents.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace dmaheap {

namespace {

bool valid(Bytes size, Bytes alignment)
{
    return size != 0 && size % Extents::kGranule == 0 && std::has_single_bit(alignment) &&
           alignment >= Extents::kGranule;
}

/// The bytes from `offset` to the next multiple of `alignment`, a power of 2.
Bytes padding(Bytes offset, Bytes alignment)
{
    return -offset & (alignment - 1);
}

} // namespace

Extents::Extents(std::span<const Range> runs)
{
    for (const Range &run : runs) {
        run_starts_.insert(run.offset);
        insert(run);
    }
}

Result<Range> Extents::take(Bytes size, Bytes alignment)
{
    if (!valid(size, alignment))
        return failure(EINVAL, "size or alignment of an extent");

    for (auto fit = by_size_.lower_bound({ size, 0 }); fit != by_size_.end(); ++fit) {
        const Range found{ .offset = fit->second, .size = fit->first };
        const Bytes before = padding(found.offset, alignment);
        if (before > found.size - size)
            continue;

        const Range taken{ .offset = found.offset + before, .size = size };
        carve(taken);
        return taken;
    }
    return failure(ENOMEM, "free extent of the region");
}

std::vector<Range> Extents::take_all_of(Range range)
{
    const Bytes end = range.offset + range.size;
    std::vector<Range> taken;
    auto at = by_offset_.upper_bound(range.offset);
    if (at != by_offset_.begin())
        --at;
    for (; at != by_offset_.end() && at->first < end; ++at) {
        const Bytes from = std::max(at->first, range.offset);
        const Bytes to = std::min(at->first + at->second, end);
        if (from < to)
            taken.push_back({ .offset = from, .size = to - from });
    }
    for (const Range &part : taken)
        carve(part);
    return taken;
}

/// Out of the free extent that it is a part of.
void Extents::carve(Range taken)
{
    const auto [offset, size] = *std::prev(by_offset_.upper_bound(taken.offset));
    const Bytes before = taken.offset - offset;
    erase({ .offset = offset, .size = size });
    insert({ .offset = offset, .size = before });
    insert({ .offset = taken.offset + taken.size, .size = size - before - taken.size });
}

void Extents::give_back(Range extent)
{
    auto next = by_offset_.lower_bound(extent.offset);
    if (next != by_offset_.begin() && !run_starts_.contains(extent.offset)) {
        const auto [offset, size] = *std::prev(next);
        if (offset + size == extent.offset) {
            erase({ .offset = offset, .size = size });
            extent = { .offset = offset, .size = size + extent.size };
        }
    }
    next = by_offset_.find(extent.offset + extent.size);
    if (next != by_offset_.end() && !run_starts_.contains(next->first)) {
        const Range behind{ .offset = next->first, .size = next->second };
        erase(behind);
        extent.size += behind.size;
    }
    insert(extent);
}

Bytes Extents::largest() const
{
    return by_size_.empty() ? 0 : by_size_.rbegin()->first;
}

double Extents::fragmentation() const
{
    if (free_ == 0)
        return 0;

    return 1.0 - static_cast<double>(largest()) / static_cast<double>(free_);
}

void Extents::insert(Range extent)
{
    if (extent.size == 0)
        return;

    by_offset_.emplace(extent.offset, extent.size);
    by_size_.emplace(extent.size, extent.offset);
    free_ += extent.size;
}

void Extents::erase(Range extent)
{
    by_offset_.erase(extent.offset);
    by_size_.erase({ extent.size, extent.offset });
    free_ -= extent.size;
}

} // namespace dmaheap
