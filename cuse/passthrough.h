// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include <sys/uio.h>

#include "core/result.h"

namespace dmaheap::cuse {

/// FUSE passthrough (Linux 6.9): a file of a mount is backed by another file, and the kernel maps
/// that one's pages. libfuse knows it from 3.17 on; here the replies of any libfuse are completed
/// on their way to the kernel. For a channel that one thread serves.
class Passthrough {
public:
    /// `wanted` false: never used, whatever the kernel offers.
    explicit Passthrough(bool wanted) : wanted_(wanted) {}

    [[nodiscard]] bool wanted() const { return wanted_; }

    /// The channel, of /dev/fuse, that it is for. Before the first reply.
    void use(int channel) { channel_ = channel; }

    /// Whether the kernel has it, and lets us use it. Known once the mount has answered anything.
    [[nodiscard]] bool available() const { return available_; }

    /// Writes a reply to the kernel, completed: the answer to INIT, which is the first of a
    /// channel, asks for passthrough; the answer to OPEN names the backing of back_next_open().
    ssize_t write_reply(std::span<iovec> reply);

    /// Has the file whose OPEN is about to be answered backed by `file`, and returns the kernel's
    /// id of the backing. After an error the file is served by READ and WRITE. `channel`: of
    /// /dev/fuse.
    Result<std::int32_t> back_next_open(int file);

    /// Has it backed by a backing that it has from another open already.
    void back_next_open_again(std::int32_t backing) { next_ = backing; }

    /// Gives a backing up. Not before the file is released: the kernel looks the id up some time
    /// after that has been answered.
    void close_backing(std::int32_t backing) const;

private:
    void probe();

    bool wanted_;
    int channel_ = -1;
    bool initialized_ = false;
    std::atomic<bool> available_ = false;
    std::int32_t next_ = 0; ///< the backing that the next answer to OPEN is to name; 0: none
};

} // namespace dmaheap::cuse
