// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <fuse3/fuse_lowlevel.h>

#include "core/result.h"

namespace dmaheap::delivery {

/// An ioctl that a client is waiting in. Answered exactly once; a forgotten one answers EIO.
class PendingReply {
public:
    explicit PendingReply(fuse_req_t request) : request_(request) {}
    PendingReply(PendingReply &&other) noexcept : request_(std::exchange(other.request_, nullptr))
    {
    }
    PendingReply(const PendingReply &) = delete;
    PendingReply &operator=(const PendingReply &) = delete;
    PendingReply &operator=(PendingReply &&) = delete;
    ~PendingReply()
    {
        if (request_)
            fuse_reply_err(request_, EIO);
    }

    void fail(Error error) && { fuse_reply_err(std::exchange(request_, nullptr), error.code); }

    void succeed(std::span<const std::byte> out) &&
    {
        fuse_reply_ioctl(std::exchange(request_, nullptr), 0, out.data(), out.size());
    }

private:
    fuse_req_t request_;
};

} // namespace dmaheap::delivery
