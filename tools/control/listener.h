// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "core/unique_fd.h"

namespace dmaheap::control {

/// A unix socket with a name in the file system, which goes with it.
class Listener {
public:
    /// Makes the socket's folder, if only that is missing. A socket that nobody listens at any more
    /// is replaced. Readable and writable for root, and for `group` if there is one. Throws
    /// std::runtime_error with one line for the user.
    Listener(std::string path, std::optional<gid_t> group);
    Listener(const Listener &) = delete;
    Listener &operator=(const Listener &) = delete;
    ~Listener();

    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] const std::string &path() const { return path_; }

private:
    std::string path_;
    UniqueFd socket_;
    ino_t inode_ = 0;
};

} // namespace dmaheap::control
