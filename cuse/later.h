// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "core/unique_fd.h"

namespace dmaheap::cuse {

/// Work that waits for its time and takes no thread meanwhile: a server's threads do it when it is
/// due. What is not due at the end is dropped. Thread-safe.
class Later {
public:
    using Work = std::move_only_function<void()>;

    /// Throws std::system_error.
    Later();

    void add(std::chrono::milliseconds delay, Work work);

    /// Can be read from when something is due.
    [[nodiscard]] int fd() const { return timer_.get(); }
    /// Something that is due; nothing when another thread was faster.
    std::optional<Work> take();

private:
    using Clock = std::chrono::steady_clock; // CLOCK_MONOTONIC

    void set_timer();

    UniqueFd timer_;
    std::mutex mutex_;
    std::multimap<Clock::time_point, Work> waiting_;
};

} // namespace dmaheap::cuse
