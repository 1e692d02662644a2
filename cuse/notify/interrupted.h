// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/inode.h"
#include "core/result.h"
#include "cuse/delivery/delivery.h"
#include "cuse/notify/listener.h"

namespace dmaheap::cuse {

/// Descriptors of threads that a signal took away before they were told the number. The kernel
/// repeats their ioctl, or the program does; then they are told of what they have, and get no
/// second one. Only where signals may interrupt is there ever one. Thread-safe.
class Interrupted {
public:
    /// Gives the one who waits a descriptor, as Listener::add_descriptor() does, and remembers it
    /// until the end of the same notification.
    Result<int> give(const Listener &listener, const Notification &waiting,
                     const delivery::Answer &answer, int buffer);

    /// The client has been answered, or could not be.
    void end(std::uint64_t id, bool answered);

    struct Given {
        int number;
        std::optional<std::size_t> number_at; ///< where in the struct
    };
    /// What the thread was given when it asked the very same before and was not answered, if it has
    /// it still. Belongs to this notification now. `in`: its struct, perhaps with the number from
    /// before.
    std::optional<Given> find(const Notification &waiting, std::span<const std::byte> in);

private:
    struct Entry {
        Notification asked;
        std::vector<std::byte> out;
        std::optional<std::size_t> number_at;
        Inode file;
        bool under_way = true; ///< the one who asked is not answered yet
        int number = -1;

        [[nodiscard]] bool is_repeated(const Notification &other,
                                       std::span<const std::byte> in) const;
        [[nodiscard]] bool is_there() const;
    };
    using Entries = std::list<Entry>;

    static constexpr std::size_t kMost = 64; ///< more belong to threads that have ended

    Entries::iterator add(const Notification &waiting, const delivery::Answer &answer,
                          const Inode &file);

    std::mutex mutex_;
    std::condition_variable ended_;
    Entries entries_;
};

} // namespace dmaheap::cuse
