// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <sys/socket.h>
#include <sys/un.h>

#include "core/result.h"
#include "core/unique_fd.h"

namespace dmaheap::control {

/// Of a path; ENAMETOOLONG when that does not fit.
Result<sockaddr_un> address_of(const std::string &path);

/// A connection to the socket at `path`, whose calls do not wait if `flags` say SOCK_NONBLOCK.
/// ENOENT: nothing is there; ECONNREFUSED: nobody listens; ENOTSOCK: something else is there.
Result<UniqueFd> connect_to(const std::string &path, int flags = 0);

} // namespace dmaheap::control
