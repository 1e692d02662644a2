// SPDX-License-Identifier: MIT
#include "cuse/delivery/post.h"

#include <array>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "core/inode.h"
#include "cuse/delivery/thread_stat.h"

namespace dmaheap::delivery {

namespace {

constexpr unsigned kPidfdThread = O_EXCL; // PIDFD_THREAD, Linux 6.9

Result<UniqueFd> pidfd_open(pid_t pid, unsigned flags)
{
    const auto fd = check("pidfd_open", static_cast<int>(::syscall(SYS_pidfd_open, pid, flags)));
    if (!fd)
        return std::unexpected(fd.error());

    return UniqueFd(*fd);
}

struct Address {
    sockaddr_un name{};
    socklen_t length = sizeof name;

    sockaddr *raw() { return reinterpret_cast<sockaddr *>(&name); }
};

/// Binds it to an abstract name that the kernel picks; nobody else learns it. Fails for everything
/// but a fresh unix socket.
Result<Address> bind_anywhere(int socket)
{
    Address address;
    address.name.sun_family = AF_UNIX;
    if (auto bound = check_done("bind", ::bind(socket, address.raw(), sizeof(sa_family_t))); !bound)
        return std::unexpected(bound.error());

    if (auto got = check_done("getsockname", ::getsockname(socket, address.raw(), &address.length));
        !got)
        return std::unexpected(got.error());

    return address;
}

/// From here on nobody but the socket itself can send to it; and nobody has before, though the name
/// can be seen by all of the network namespace.
Status connect_to_itself(int socket, Address &own)
{
    if (auto connected = check_done("connect", ::connect(socket, own.raw(), own.length));
        !connected)
        return connected;

    char byte = 0;
    if (::recv(socket, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) != -1 || errno != EAGAIN)
        return failure(EPROTO, "message of a stranger");

    return {};
}

Status send(int socket, std::span<const std::byte> payload, int fd)
{
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof fd)> control{};
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): an iovec has no const
    iovec range{ const_cast<std::byte *>(payload.data()), payload.size() };
    msghdr message{};
    message.msg_iov = &range, message.msg_iovlen = 1;
    message.msg_control = control.data(), message.msg_controllen = control.size();

    cmsghdr *const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
    return check_done("sendmsg", ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

} // namespace

Result<DescriptorTable> DescriptorTable::of(pid_t thread)
{
    if (auto pidfd = pidfd_open(thread, kPidfdThread))
        return DescriptorTable(thread, *std::move(pidfd), false);

    const auto process = process_of(thread);
    if (!process)
        return std::unexpected(process.error());

    auto pidfd = pidfd_open(*process, 0);
    if (!pidfd)
        return std::unexpected(pidfd.error());

    return DescriptorTable(thread, *std::move(pidfd), true);
}

Result<UniqueFd> DescriptorTable::fetch(int fd) const
{
    const auto got =
        check("pidfd_getfd", static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd_.get(), fd, 0)));
    if (!got)
        return std::unexpected(got.error());

    UniqueFd fetched(*got);
    if (of_process_)
        if (auto same = same_file(fetched.get(), fd); !same)
            return std::unexpected(same.error());

    return fetched;
}

Status DescriptorTable::same_file(int fetched, int fd) const
{
    const auto mine = inode_of(fetched);
    const auto theirs = inode_of("/proc/" + std::to_string(thread_) + "/fd/" + std::to_string(fd));
    if (!mine || !theirs)
        return std::unexpected(mine ? theirs.error() : mine.error());
    if (*mine != *theirs)
        return failure(EOPNOTSUPP, "descriptor table that a thread has unshared");

    return {};
}

Status post_to_itself(int socket, std::span<const std::byte> payload, int fd)
{
    auto address = bind_anywhere(socket);
    if (!address)
        return std::unexpected(address.error());

    if (auto connected = connect_to_itself(socket, *address); !connected)
        return connected;

    return send(socket, payload, fd);
}

} // namespace dmaheap::delivery
