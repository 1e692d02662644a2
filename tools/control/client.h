// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/unique_fd.h"
#include "tools/control/protocol.h"

namespace dmaheap::control {

/// A program that asks the daemon.
class Client {
public:
    /// The refusal says what to do when there is no daemon, or it may not be asked.
    static Answer<Client> connect(const std::string &path);

    /// Waits for the answer. ETIMEDOUT after a minute without any.
    Answer<Json> ask(const Request &request);

private:
    explicit Client(UniqueFd socket) : socket_(std::move(socket)) {}

    UniqueFd socket_;
    std::string in_; ///< what has come behind the last answer
};

} // namespace dmaheap::control
