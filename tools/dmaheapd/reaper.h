// SPDX-License-Identifier: MIT
#pragma once

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

    /// Starts the timer. Thread-safe.
    void start() const;

    /// Looks for buffers that have ended, and goes on as long as there are others.
    void tick(Exporter &exporter) const;

private:
    UniqueFd timer_;
};

} // namespace dmaheap::daemon
