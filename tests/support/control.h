// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/unique_fd.h"
#include "tests/support/daemon.h"

/// Talking to a daemon through its control socket.
namespace dmaheap::test {

/// Runs dmaheapctl to its end.
Ran ctl(const Daemon &daemon, std::vector<std::string> arguments);

/// What dmaheapctl says with --json; throws when it says none.
nlohmann::json ctl_json(const Daemon &daemon, std::vector<std::string> arguments);

/// A raw connection to the socket; invalid when there is none. A receive gives up after a while.
UniqueFd connect_to_control(const Daemon &daemon);

/// Sends as much as is taken without waiting for a reader that does not read.
void send_text(const UniqueFd &socket, const std::string &text);

/// Reads until the line's end or the end of the stream.
std::string receive_line(const UniqueFd &socket);

} // namespace dmaheap::test
