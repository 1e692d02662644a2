// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <mutex>

#include "core/exporter.h"
#include "core/unique_fd.h"

namespace dmaheap::daemon {

/// A timer that runs only while there are live buffers whose end nobody reports.
class Reaper {
public:
    /// Throws std::system_error.
    Reaper();

    /// Readable when tick() is due.
    [[nodiscard]] int fd() const { return timer_.get(); }

    /// Has tick() called soon: a buffer is there, or may have ended. Thread-safe.
    void start() const;

    /// Looks for buffers that have ended. As long as there are others, it is called again: in 100
    /// milliseconds, or, when looking takes time, as late as in 900.
    void tick(Exporter &exporter) const;

private:
    using Clock = std::chrono::steady_clock;
    static constexpr Clock::time_point kNever = Clock::time_point::max();

    void start_in(std::chrono::nanoseconds time) const;

    UniqueFd timer_;
    mutable std::mutex mutex_;
    mutable Clock::time_point due_ = kNever; ///< when tick() is to be called
};

} // namespace dmaheap::daemon
