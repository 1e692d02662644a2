// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include <fuse3/fuse_lowlevel.h>

#include "core/result.h"
#include "cuse/delivery/waiting.h"

namespace dmaheap::delivery {

/// An ioctl that a client is waiting in. Answered exactly once; a forgotten one answers EIO.
class PendingReply {
public:
    explicit PendingReply(fuse_req_t request) : request_(request) {}
    explicit PendingReply(std::unique_ptr<Waiting> elsewhere) : elsewhere_(std::move(elsewhere)) {}
    PendingReply(PendingReply &&other) noexcept
        : request_(std::exchange(other.request_, nullptr)), elsewhere_(std::move(other.elsewhere_))
    {
    }
    PendingReply(const PendingReply &) = delete;
    PendingReply &operator=(const PendingReply &) = delete;
    PendingReply &operator=(PendingReply &&) = delete;
    ~PendingReply()
    {
        if (request_ || elsewhere_)
            std::move(*this).fail({ .code = EIO, .step = "forgotten request" });
    }

    /// The client, when it does not wait for FUSE or CUSE; else null.
    [[nodiscard]] Waiting *elsewhere() const { return elsewhere_.get(); }

    void fail(Error error) &&
    {
        if (const auto client = std::move(elsewhere_))
            client->answer(error.code, {});
        else
            fuse_reply_err(std::exchange(request_, nullptr), error.code);
    }

    void succeed(std::span<const std::byte> out) &&
    {
        if (const auto client = std::move(elsewhere_))
            client->answer(0, out);
        else
            fuse_reply_ioctl(std::exchange(request_, nullptr), 0, out.data(), out.size());
    }

private:
    fuse_req_t request_ = nullptr;
    std::unique_ptr<Waiting> elsewhere_;
};

} // namespace dmaheap::delivery
