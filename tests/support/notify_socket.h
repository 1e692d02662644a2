// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/unique_fd.h"
#include "tests/support/deadline.h"

namespace dmaheap::test {

/// Where a service says that it is ready, as sd_notify(3) describes it.
class NotifySocket {
public:
    explicit NotifySocket(const std::string &path);

    /// NAME=VALUE for the environment of the service.
    [[nodiscard]] std::string environment() const { return "NOTIFY_SOCKET=" + path_; }
    [[nodiscard]] int fd() const { return socket_.get(); }
    /// Reads one message; whether it says READY=1.
    [[nodiscard]] bool ready() const;

private:
    std::string path_;
    UniqueFd socket_;
};

} // namespace dmaheap::test
