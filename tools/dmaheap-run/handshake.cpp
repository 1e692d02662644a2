// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/handshake.h"

#include <array>
#include <cstddef>
#include <cstring>

#include <sys/socket.h>

namespace dmaheap::run {

namespace {

struct Offer {
    int error = 0;
    cuse::Waits waits = cuse::Waits::interruptibly;
};

/// One message, perhaps with a descriptor.
struct Parcel {
    Offer offer;
    iovec range{ &offer, sizeof offer };
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};

    Parcel() { message.msg_iov = &range, message.msg_iovlen = 1; }

    void make_room()
    {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
    }
};

bool send(int end, const Offer &offer, int fd)
{
    Parcel parcel;
    parcel.offer = offer;
    if (fd >= 0) {
        parcel.make_room();
        cmsghdr *const head = CMSG_FIRSTHDR(&parcel.message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return ::sendmsg(end, &parcel.message, MSG_NOSIGNAL) != -1;
}

} // namespace

bool offer(int end, std::optional<cuse::Reported> filter)
{
    if (!filter)
        return send(end, {}, -1);

    const auto installed = cuse::install_filter(*filter);
    if (!installed)
        return send(end, { .error = installed.error().code }, -1);

    return send(end, { .waits = installed->waits }, installed->listener.get());
}

bool await_go(int end)
{
    char go = 0;
    return ::recv(end, &go, sizeof go, 0) == sizeof go;
}

Result<std::optional<cuse::InstalledFilter>> accept(int end)
{
    Parcel parcel;
    parcel.make_room();
    const auto got = check("recvmsg", ::recvmsg(end, &parcel.message, MSG_CMSG_CLOEXEC));
    if (!got)
        return std::unexpected(got.error());
    if (static_cast<std::size_t>(*got) != sizeof(Offer))
        return failure(ESRCH, "command that was to be");
    if (parcel.offer.error != 0)
        return failure(parcel.offer.error, "seccomp");

    const cmsghdr *const head = CMSG_FIRSTHDR(&parcel.message);
    if (!head)
        return std::nullopt;

    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return cuse::InstalledFilter{ .listener = UniqueFd(fd), .waits = parcel.offer.waits };
}

void give_go(int end)
{
    const char go = 1;
    ::send(end, &go, sizeof go, MSG_NOSIGNAL);
}

} // namespace dmaheap::run
