// SPDX-License-Identifier: MIT
#include "cuse/notify/listener.h"

#include <utility>

#include <fcntl.h>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

namespace dmaheap::cuse {

namespace {

constexpr unsigned long kSetFlags = SECCOMP_IOW(4, std::uint64_t); // Linux 6.6
constexpr unsigned long kSyncWakeUp = 1;

constexpr std::uint64_t kLow32 = 0xffffffff;

Notification parse(const seccomp_notif &received)
{
    const auto &arguments = received.data.args;
    const bool is_32_bit = received.data.arch == AUDIT_ARCH_I386;
    return { .id = received.id,
             .thread = static_cast<pid_t>(received.pid),
             .fd = static_cast<int>(arguments[0]),
             .command = static_cast<std::uint32_t>(arguments[1]),
             .argument = is_32_bit ? arguments[2] & kLow32 : arguments[2] };
}

} // namespace

Status Listener::can_add_descriptors() const
{
    seccomp_notif_addfd addition{};
    addition.srcfd = static_cast<std::uint32_t>(fd_.get());
    if (::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &addition) == -1 && errno == ENOENT)
        return {}; // there is no such thread, and the kernel knows what was asked

    return failure(errno == 0 ? EINVAL : errno, "SECCOMP_IOCTL_NOTIF_ADDFD");
}

void Listener::take_turns() const
{
    ::ioctl(fd_.get(), kSetFlags, kSyncWakeUp);
}

Result<std::optional<Notification>> Listener::receive() const
{
    seccomp_notif received{};
    if (auto got = check_done("SECCOMP_IOCTL_NOTIF_RECV",
                              ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_RECV, &received));
        !got) {
        if (got.error().code == ENOENT || got.error().code == EINTR)
            return std::nullopt;
        return std::unexpected(got.error());
    }
    return parse(received);
}

Status Listener::is_waiting(std::uint64_t id) const
{
    return check_done("SECCOMP_IOCTL_NOTIF_ID_VALID",
                      ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id));
}

Result<int> Listener::add_descriptor(std::uint64_t id, int fd, bool close_on_exec) const
{
    seccomp_notif_addfd addition{};
    addition.id = id;
    addition.srcfd = static_cast<std::uint32_t>(fd);
    addition.newfd_flags = close_on_exec ? O_CLOEXEC : 0;
    return check("SECCOMP_IOCTL_NOTIF_ADDFD",
                 ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &addition));
}

Status Listener::answer(std::uint64_t id, int error) const
{
    return send(id, error, 0);
}

Status Listener::let_pass(std::uint64_t id) const
{
    return send(id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

Status Listener::send(std::uint64_t id, int error, std::uint32_t flags) const
{
    seccomp_notif_resp response{ .id = id, .val = 0, .error = -error, .flags = flags };
    return check_done("SECCOMP_IOCTL_NOTIF_SEND",
                      ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response));
}

} // namespace dmaheap::cuse
