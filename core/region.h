// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <string>
#include <vector>

#include "core/extents.h"
#include "core/memory.h"
#include "core/place.h"
#include "core/reservoir.h"
#include "core/wiper.h"

namespace dmaheap {

/// A named reservoir of memory that heaps draw from: who has which part of it. What comes back is
/// wiped before anybody else gets it.
///
/// Thread-safe. Wiper and region must outlive all memory that was taken.
class Region {
public:
    /// How the pieces of one request may lie.
    enum class Shape {
        one_run, ///< one extent of one run: physically contiguous if the region is
        any,     ///< as many pieces as it takes
    };

    /// What a heap may take: what is held back for it alone, then the rest of the region, which
    /// the heaps have in common.
    class Share {
    public:
        /// Bytes that nobody else can have.
        [[nodiscard]] Bytes guarantee() const { return guarantee_; }

    private:
        friend class Region;
        Share(const std::vector<Range> &own, Bytes guarantee) : own_(own), guarantee_(guarantee) {}

        Extents own_;
        Bytes guarantee_;
    };

    struct Use {
        Bytes free = 0;           ///< for the heaps in common, and held back
        Bytes held_back = 0;      ///< of it: for one heap alone
        Bytes largest = 0;        ///< the largest piece that anybody could get
        Bytes being_wiped = 0;    ///< given back, not free yet
        Bytes lost = 0;           ///< could not be wiped: never handed out again
        double fragmentation = 0; ///< of what is free in common, see Extents
    };

    /// A piece that is not in use.
    struct Unused {
        Range range;
        bool held_back; ///< for one heap
    };

    Region(std::string name, Reservoir reservoir, Wiper &wiper);
    Region(const Region &) = delete;
    Region &operator=(const Region &) = delete;
    /// Waits for what is being wiped.
    ~Region();

    [[nodiscard]] const std::string &name() const { return name_; }
    [[nodiscard]] const Reservoir &reservoir() const { return reservoir_; }
    [[nodiscard]] Use use() const;
    [[nodiscard]] std::vector<Unused> unused() const;

    /// A heap's share, of which `guarantee` bytes are set aside at once, in one run if there is
    /// one. ENOMEM when the region has not as many. Lives as long as the region.
    Result<Share *> open_share(Bytes guarantee);

    /// Memory that reads as zeroes and goes back to the region at its end. `size` and `alignment`
    /// as for Extents::take(); the alignment is that of the first byte in the region, and so of
    /// its physical address. Waits for what is being wiped if that may help. ENOMEM when there is
    /// no such piece.
    Result<Memory> take(Share &share, Bytes size, Shape shape, Bytes alignment = Extents::kGranule);

    /// Takes out what is free of somebody's memory who is none of this region's heaps, whoever it
    /// is free for; it goes back as any other. None when there is nothing.
    std::vector<Memory> withdraw(const Place &place);

private:
    /// A piece, and which free space it is of.
    struct Piece {
        Range range;
        Extents *source;
    };
    using Pieces = std::vector<Piece>;

    Result<Pieces> find(Share &share, Bytes size, Shape shape, Bytes alignment);
    Pieces take_all_of(Range range);
    static bool gather(Extents &source, Bytes &wanted, Pieces &pieces);
    Result<Memory> memory_of(const Pieces &pieces);
    void take_back(Memory memory, const Pieces &pieces);
    void free_again(const Pieces &pieces, const Status &wiped);
    void free_locked(const Pieces &pieces, const Status &wiped);

    std::string name_;
    Reservoir reservoir_;
    Wiper &wiper_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Extents common_;
    std::list<Share> shares_; ///< whose addresses last
    Bytes being_wiped_ = 0;
    Bytes lost_ = 0;
};

} // namespace dmaheap
