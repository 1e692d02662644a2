// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap::control {

/// Who is at the other end of a connection, and what they may do.
struct Peer {
    pid_t process;
    uid_t user;
    bool may_look;
    bool may_change; ///< root, and who runs the daemon
};

/// As the kernel tells. `group`: whose members may look.
Result<Peer> peer_of(int socket, std::optional<gid_t> group);

} // namespace dmaheap::control
