// SPDX-License-Identifier: MIT
#include "tests/unit/support/fake_kernel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <linux/fuse.h>
#include <linux/ioctl.h>
#include <sys/socket.h>

#include "tests/support/deadline.h"

namespace dmaheap::test {

namespace {

constexpr delivery::Caller kNobody{ .thread = 0, .uid = 0, .gid = 0 };

template <class Struct>
std::span<const std::byte> bytes_of(const Struct &value)
{
    return std::as_bytes(std::span(&value, 1));
}

std::pair<UniqueFd, UniqueFd> connected()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == -1)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    return { UniqueFd(ends[0]), UniqueFd(ends[1]) };
}

void pass_on(fuse_req_t request, fuse_ino_t, unsigned command, void *argument, fuse_file_info *,
             unsigned, const void *in, std::size_t in_size, std::size_t)
{
    const auto &on_ioctl = *static_cast<FakeKernel::OnIoctl *>(fuse_req_userdata(request));
    on_ioctl(request, command, argument, in, in_size);
}

cuse::Channel::Session new_session(FakeKernel::OnIoctl &on_ioctl)
{
    fuse_lowlevel_ops operations{};
    operations.ioctl = pass_on;
    return cuse::Channel::make_session(operations, &on_ioctl);
}

} // namespace

int KernelReply::result() const
{
    fuse_ioctl_out head{};
    std::memcpy(&head, out.data(), std::min(out.size(), sizeof head));
    return head.result;
}

std::span<const std::byte> KernelReply::copied_back() const
{
    return std::span(out).subspan(std::min(out.size(), sizeof(fuse_ioctl_out)));
}

FakeKernel::FakeKernel(OnIoctl on_ioctl)
    : on_ioctl_(std::move(on_ioctl)), room_(cuse::Channel::room_for_requests())
{
    auto [ours, theirs] = connected();
    end_ = std::move(ours);
    channel_ = std::make_unique<cuse::Channel>(new_session(on_ioctl_), std::move(theirs));
}

FakeKernel::~FakeKernel() = default;

std::uint64_t FakeKernel::send_greeting()
{
    fuse_init_in init{};
    init.major = FUSE_KERNEL_VERSION;
    init.minor = 31;
    init.max_readahead = 65536;
    return send(FUSE_INIT, bytes_of(init), kNobody);
}

std::uint64_t FakeKernel::send_ioctl(std::uint32_t command, std::span<const std::byte> in,
                                     delivery::Caller caller, std::uint64_t argument)
{
    fuse_ioctl_in head{};
    head.cmd = command;
    head.arg = argument;
    head.in_size = static_cast<std::uint32_t>(in.size());
    head.out_size = _IOC_SIZE(command);
    std::vector<std::byte> body(sizeof head + in.size());
    std::memcpy(body.data(), &head, sizeof head);
    std::ranges::copy(in, body.begin() + sizeof head);
    return send(FUSE_IOCTL, body, caller);
}

std::uint64_t FakeKernel::send_interrupt()
{
    fuse_interrupt_in which{};
    which.unique = last_request_;
    return send(FUSE_INTERRUPT, bytes_of(which), kNobody);
}

void FakeKernel::serve()
{
    if (const auto request = channel_->receive(room_))
        channel_->serve(*request);
}

bool FakeKernel::has_reply() const
{
    return await_readable(end_.get(), Deadline(std::chrono::seconds(0)));
}

std::optional<KernelReply> FakeKernel::take_reply()
{
    std::vector<std::byte> bytes(std::size_t{ 1 } << 16);
    const ssize_t size = ::recv(end_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < static_cast<ssize_t>(sizeof(fuse_out_header)))
        return std::nullopt;

    fuse_out_header head{};
    std::memcpy(&head, bytes.data(), sizeof head);
    return KernelReply{ .request = head.unique,
                        .error = -head.error,
                        .out = { bytes.begin() + sizeof head, bytes.begin() + size } };
}

std::optional<KernelReply> FakeKernel::await_reply()
{
    return await_readable(end_.get(), Deadline()) ? take_reply() : std::nullopt;
}

std::uint64_t FakeKernel::send(std::uint32_t opcode, std::span<const std::byte> body,
                               delivery::Caller caller)
{
    fuse_in_header head{};
    head.len = static_cast<std::uint32_t>(sizeof head + body.size());
    head.opcode = opcode;
    head.unique = ++last_request_;
    head.nodeid = FUSE_ROOT_ID;
    head.uid = caller.uid;
    head.gid = caller.gid;
    head.pid = static_cast<std::uint32_t>(caller.thread);
    std::vector<std::byte> request(head.len);
    std::memcpy(request.data(), &head, sizeof head);
    std::ranges::copy(body, request.begin() + sizeof head);
    static_cast<void>(!::send(end_.get(), request.data(), request.size(), MSG_NOSIGNAL));
    return last_request_;
}

} // namespace dmaheap::test
