// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/events.h"

#include <cerrno>
#include <system_error>

#include <sys/socket.h>

namespace dmaheap::run {

std::pair<UniqueFd, UniqueFd> make_events()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == -1)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    return { UniqueFd(ends[0]), UniqueFd(ends[1]) };
}

void tell(int end, const Event &event)
{
    ::send(end, &event, sizeof event, MSG_NOSIGNAL);
}

std::optional<Event> hear(int end)
{
    Event event{};
    if (::recv(end, &event, sizeof event, 0) != sizeof event)
        return std::nullopt;
    return event;
}

} // namespace dmaheap::run
