// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/live_state.h"
#include "core/unique_fd.h"
#include "core/watched_files.h"

namespace dmaheap {

/// What tells another process of this machine which buffers are live, without keeping them so:
/// descriptors for it to have.
struct Estate {
    UniqueFd watched; ///< an epoll instance
    UniqueFd state;   ///< a LiveState
};

/// An estate that has been read.
struct Inheritance {
    /// EBADMSG when it is not to be used.
    static Result<Inheritance> of(Estate estate);

    WatchedFiles watched;
    LiveState state;                  ///< without what has ended
    std::vector<LiveState::Row> live; ///< by number
    std::uint64_t last_number;        ///< none that is used is higher
};

} // namespace dmaheap
