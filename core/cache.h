// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/exporter.h"
#include "core/wiper.h"

namespace dmaheap {

/// Memory of a heap's buffers that have ended: wiped and exported in the background, it waits for
/// the next buffer of its size, which then takes no time that grows with the size.
///
/// Thread-safe. Exporter and wiper outlive what is taken from it, or the wiper has been stopped.
class Cache : public std::enable_shared_from_this<Cache> {
public:
    /// Each piece takes up to two descriptors of the daemon.
    static constexpr std::size_t kMostPieces = 1024;

    struct Use {
        Bytes bytes = 0;            ///< that wait or are being wiped
        Bytes ready = 0;            ///< of them, those that wait
        std::uint64_t recycled = 0; ///< taken, ever
    };

    /// `most`: how many bytes may wait or be wiped; the oldest go when there are more.
    Cache(Bytes most, Exporter &exporter, Wiper &wiper);

    [[nodiscard]] Use use() const;

    /// Memory of just that size that reads as zeroes, if there is some.
    std::optional<Memory> take(Bytes size);

    /// Has the memory, which a new buffer is made of, come here when the buffer ends.
    void expect(Memory &memory);

    /// Gives all of it back to whom it was taken from. Does not wait for what is being wiped, which
    /// is given back when that is done.
    void give_back();

    /// Waits until all that was being wiped has been kept or given back.
    void settle();

    /// Gives all back, and keeps nothing from now on.
    void close();

private:
    using Pieces = std::map<std::uint64_t, Memory>; ///< by number: the oldest first

    void take_back(Memory memory);
    void keep(Memory memory, bool zero, std::uint64_t round);
    [[nodiscard]] bool full(Bytes more) const;
    std::vector<Memory> make_room(Bytes size);
    Memory remove(Pieces::iterator piece);

    Bytes most_;
    Exporter &exporter_;
    Wiper &wiper_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Pieces pieces_;
    std::set<std::pair<Bytes, std::uint64_t>> by_size_;
    std::uint64_t last_number_ = 0;
    Bytes bytes_ = 0; ///< of the pieces, and what is being wiped
    Bytes ready_ = 0; ///< of the pieces
    std::uint64_t recycled_ = 0;
    std::uint64_t round_ = 0;                ///< how often all has been given back
    std::uint64_t begun_ = 0, finished_ = 0; ///< wiping, which ends in the order it begins
    bool closed_ = false;
};

/// All caches of a daemon: what one heap keeps, another may need. Thread-safe.
class Caches {
public:
    /// A new one. `most` and the others as for Cache.
    std::shared_ptr<Cache> add(Bytes most, Exporter &exporter, Wiper &wiper);

    /// Gives back all that is kept, without waiting for what is being wiped.
    void give_back();

    /// The same, waiting until it can be had; false when there was nothing.
    bool make_room();

private:
    [[nodiscard]] std::vector<std::shared_ptr<Cache>> all() const;

    mutable std::mutex mutex_;
    std::vector<std::weak_ptr<Cache>> caches_;
};

} // namespace dmaheap
