// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include "core/owner.h"

namespace dmaheap::delivery {

/// Who asks.
struct Caller {
    pid_t thread; ///< id of the calling thread in the daemon's pid namespace; 0 when not visible
    uid_t uid;
    gid_t gid;
};

/// Whom the caller's buffers are charged to. Only while the caller waits for its reply. One system
/// call for the first thread of a process, two for another one of the process that this thread was
/// asked for the last time, else a look into /proc. A thread that is gone already stands for its
/// process.
Owner owner_of(const Caller &caller);

} // namespace dmaheap::delivery
