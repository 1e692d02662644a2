// SPDX-License-Identifier: MIT
#include "core/region.h"

#include <algorithm>
#include <utility>

namespace dmaheap {

namespace {

constexpr const char *kNoSuchPiece = "free memory of the region";

} // namespace

Region::Region(std::string name, Reservoir reservoir, Wiper &wiper)
    : name_(std::move(name)), reservoir_(std::move(reservoir)), wiper_(wiper),
      common_(reservoir_.runs())
{
}

Region::~Region()
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return being_wiped_ == 0; });
}

std::vector<Region::Unused> Region::unused() const
{
    const std::scoped_lock lock(mutex_);
    std::vector<Unused> pieces;
    for (const auto &[offset, size] : common_.by_offset())
        pieces.push_back({ .range = { .offset = offset, .size = size }, .held_back = false });
    for (const Share &share : shares_)
        for (const auto &[offset, size] : share.own_.by_offset())
            pieces.push_back({ .range = { .offset = offset, .size = size }, .held_back = true });
    return pieces;
}

Region::Use Region::use() const
{
    const std::scoped_lock lock(mutex_);
    Use use{ .free = common_.free(),
             .held_back = 0,
             .largest = common_.largest(),
             .being_wiped = being_wiped_,
             .lost = lost_,
             .fragmentation = common_.fragmentation() };
    for (const Share &share : shares_) {
        use.held_back += share.own_.free();
        use.largest = std::max(use.largest, share.own_.largest());
    }
    use.free += use.held_back;
    return use;
}

Result<Region::Share *> Region::open_share(Bytes guarantee)
{
    const std::scoped_lock lock(mutex_);
    std::vector<Range> own;
    if (guarantee != 0) {
        Share everything({}, 0);
        auto pieces = find(everything, guarantee, Shape::one_run, Extents::kGranule);
        if (!pieces)
            pieces = find(everything, guarantee, Shape::any, Extents::kGranule);
        if (!pieces)
            return std::unexpected(pieces.error());

        for (const Piece &piece : *pieces)
            own.push_back(piece.range);
    }
    shares_.push_back(Share(own, guarantee));
    return &shares_.back();
}

Result<Memory> Region::take(Share &share, Bytes size, Shape shape, Bytes alignment)
{
    Result<Pieces> pieces;
    {
        std::unique_lock lock(mutex_);
        pieces = find(share, size, shape, alignment);
        while (!pieces && pieces.error().code == ENOMEM && being_wiped_ != 0) {
            changed_.wait(lock);
            pieces = find(share, size, shape, alignment);
        }
    }
    if (!pieces)
        return std::unexpected(pieces.error());

    auto memory = memory_of(*pieces);
    if (!memory)
        free_again(*pieces, {});
    return memory;
}

std::vector<Memory> Region::withdraw(const Place &place)
{
    if (const auto file = reservoir_.file(); !file || *file != place.file)
        return {};

    Pieces pieces;
    {
        const std::scoped_lock lock(mutex_);
        for (const Range &in_file : place.ranges)
            for (const Range &range : reservoir_.locate(in_file))
                for (const Piece &piece : take_all_of(range))
                    pieces.push_back(piece);
    }
    std::vector<Memory> withdrawn;
    if (auto memory = pieces.empty() ? failure(ENOENT, kNoSuchPiece) : memory_of(pieces))
        withdrawn.push_back(*std::move(memory));
    else // never handed out again
        free_again(pieces, std::unexpected(memory.error()));
    return withdrawn;
}

/// Whoever it is free for.
Region::Pieces Region::take_all_of(Range range)
{
    std::vector<Extents *> sources{ &common_ };
    for (Share &share : shares_)
        sources.push_back(&share.own_);

    Pieces pieces;
    for (Extents *const source : sources)
        for (const Range &part : source->take_all_of(range))
            pieces.push_back({ part, source });
    return pieces;
}

/// From the heap's own first, so that the others have the rest.
Result<Region::Pieces> Region::find(Share &share, Bytes size, Shape shape, Bytes alignment)
{
    for (Extents *const source : { &share.own_, &common_ }) {
        const auto range = source->take(size, alignment);
        if (range)
            return Pieces{ { *range, source } };
        if (range.error().code != ENOMEM)
            return std::unexpected(range.error());
    }
    if (shape == Shape::one_run)
        return failure(ENOMEM, kNoSuchPiece);
    if (share.own_.free() + common_.free() < size)
        return failure(ENOMEM, kNoSuchPiece);

    Pieces pieces;
    Bytes wanted = size;
    if (!gather(share.own_, wanted, pieces))
        gather(common_, wanted, pieces);
    return pieces;
}

/// The largest pieces first, so that there are few. Returns whether there is nothing left to find.
bool Region::gather(Extents &source, Bytes &wanted, Pieces &pieces)
{
    while (wanted != 0 && source.free() != 0) {
        const auto range = source.take(std::min(wanted, source.largest()));
        pieces.push_back({ *range, &source });
        wanted -= range->size;
    }
    return wanted == 0;
}

Result<Memory> Region::memory_of(const Pieces &pieces)
{
    std::vector<Extent> extents;
    for (const Piece &piece : pieces)
        if (auto described = reservoir_.describe(piece.range, extents); !described)
            return std::unexpected(described.error());

    Memory memory(std::move(extents));
    memory.add_home([this, pieces](Memory back) { take_back(std::move(back), pieces); });
    return memory;
}

void Region::take_back(Memory memory, const Pieces &pieces)
{
    if (reservoir_.apart()) // its file ends here
        return free_again(pieces, {});

    {
        const std::scoped_lock lock(mutex_);
        being_wiped_ += memory.size();
    }
    wiper_.wipe(std::move(memory), [this, pieces](const Memory &wiped, Status status) {
        const std::scoped_lock lock(mutex_);
        free_locked(pieces, status);
        being_wiped_ -= wiped.size();
        changed_.notify_all();
    });
}

void Region::free_again(const Pieces &pieces, const Status &wiped)
{
    const std::scoped_lock lock(mutex_);
    free_locked(pieces, wiped);
}

void Region::free_locked(const Pieces &pieces, const Status &wiped)
{
    for (const Piece &piece : pieces)
        if (wiped)
            piece.source->give_back(piece.range);
        else
            lost_ += piece.range.size;
}

} // namespace dmaheap
