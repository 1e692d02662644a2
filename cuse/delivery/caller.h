// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace dmaheap::delivery {

/// Who asks.
struct Caller {
    pid_t thread; ///< id of the calling thread in the daemon's pid namespace; 0 when not visible
    uid_t uid;
    gid_t gid;
};

} // namespace dmaheap::delivery
