// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

namespace dmaheap {

/// Who asked for a buffer: it is charged to them for as long as it lives, whoever holds it then.
struct Owner {
    pid_t process; ///< of the thread that asked, in the daemon's pid namespace
    uid_t user;    ///< in the daemon's user namespace

    friend bool operator==(const Owner &, const Owner &) = default;
};

} // namespace dmaheap
