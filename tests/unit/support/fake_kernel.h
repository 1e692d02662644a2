// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <fuse3/fuse_lowlevel.h>

#include "core/unique_fd.h"
#include "cuse/channel.h"
#include "cuse/delivery/caller.h"

namespace dmaheap::test {

/// What the daemon answers to one request.
struct KernelReply {
    std::uint64_t request = 0;
    int error = 0;              ///< positive errno; 0: none
    std::vector<std::byte> out; ///< what is behind the header, if there is no error

    /// Of an answer to an ioctl: its result, and the bytes that are copied back.
    [[nodiscard]] int result() const;
    [[nodiscard]] std::span<const std::byte> copied_back() const;
};

/// The kernel's side of a FUSE connection: asks what the kernel would ask, over a socket, and the
/// daemon's side is a Channel like any other.
class FakeKernel {
public:
    using OnIoctl = std::function<void(fuse_req_t, std::uint32_t command, void *argument,
                                       const void *in, std::size_t in_size)>;

    explicit FakeKernel(OnIoctl on_ioctl);
    FakeKernel(const FakeKernel &) = delete;
    FakeKernel &operator=(const FakeKernel &) = delete;
    ~FakeKernel();

    cuse::Channel &channel() { return *channel_; }

    /// Each returns the number of the request. Nothing is answered before the greeting is.
    std::uint64_t send_greeting();
    std::uint64_t send_ioctl(std::uint32_t command, std::span<const std::byte> in,
                             delivery::Caller caller, std::uint64_t argument = 0);
    std::uint64_t send_interrupt();

    /// Serves the request that was sent last on this thread.
    void serve();
    [[nodiscard]] bool has_reply() const;
    /// Nothing when there is none (yet).
    std::optional<KernelReply> take_reply();
    std::optional<KernelReply> await_reply();

private:
    std::uint64_t send(std::uint32_t opcode, std::span<const std::byte> body,
                       delivery::Caller caller);

    OnIoctl on_ioctl_;
    UniqueFd end_;
    std::unique_ptr<cuse::Channel> channel_;
    cuse::Channel::Room room_;
    std::uint64_t last_request_ = 0;
};

} // namespace dmaheap::test
