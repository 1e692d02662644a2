// SPDX-License-Identifier: MIT
#pragma once

#include "core/unique_fd.h"

namespace dmaheap::daemon {

/// The signals that the daemon acts on, as a descriptor. Made before any thread is, so that no
/// thread is interrupted by one.
class Signals {
public:
    /// Blocks SIGTERM, SIGINT, SIGHUP and SIGUSR1. Throws std::system_error.
    Signals();

    [[nodiscard]] int fd() const { return fd_.get(); }

    /// The signal that has come; 0 when none has.
    [[nodiscard]] int take() const;

private:
    UniqueFd fd_;
};

} // namespace dmaheap::daemon
