// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/size.h"

namespace dmaheap {

/// A piece of a region: bytes from its start, both multiples of Extents::kGranule.
struct Range {
    Bytes offset = 0;
    Bytes size = 0;

    friend bool operator==(const Range &, const Range &) = default;
};

/// Which extents of a region are free. Pure bookkeeping: it touches no memory.
///
/// Best fit: the smallest free extent that will do, and of those the one with the lowest offset.
/// What comes back is joined with its free neighbours. A region consists of runs, such as its
/// physically contiguous ones; no extent ever reaches over the end of a run. Not thread-safe.
class Extents {
public:
    static constexpr Bytes kGranule = 4096;

    /// All of `runs` is free at first. They must not overlap, but may touch.
    explicit Extents(std::span<const Range> runs);

    /// An extent of `size` whose offset is a multiple of `alignment`. EINVAL for a size of 0 or one
    /// that is no multiple of the granule, and for an alignment that is no power of 2 or less than
    /// the granule. ENOMEM when no free extent is large enough.
    Result<Range> take(Bytes size, Bytes alignment = kGranule);

    /// All that is free of these bytes, which may be any.
    std::vector<Range> take_all_of(Range range);

    /// `extent` has been taken, and is given back once and whole.
    void give_back(Range extent);

    [[nodiscard]] Bytes free() const { return free_; }
    /// The largest size that take() would give, without an alignment.
    [[nodiscard]] Bytes largest() const;
    /// External fragmentation: the part of the free bytes that is not in the largest extent; 0
    /// to 1.
    [[nodiscard]] double fragmentation() const;
    /// The free extents: size by offset.
    [[nodiscard]] const std::map<Bytes, Bytes> &by_offset() const { return by_offset_; }

private:
    void insert(Range extent);
    void erase(Range extent);
    void carve(Range taken);

    std::map<Bytes, Bytes> by_offset_;
    std::set<std::pair<Bytes, Bytes>> by_size_; ///< size, then offset
    std::set<Bytes> run_starts_;
    Bytes free_ = 0;
};

} // namespace dmaheap
