// SPDX-License-Identifier: MIT
#include "tools/control/peer.h"

#include <algorithm>
#include <vector>

#include <unistd.h>

#include <sys/socket.h>

namespace dmaheap::control {

namespace {

/// The peer's further groups when it connected; none when the kernel does not tell.
std::vector<gid_t> groups_of(int socket)
{
    socklen_t size = 0;
    ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size); // says how large
    std::vector<gid_t> groups(size / sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == -1)
        return {};

    groups.resize(size / sizeof(gid_t));
    return groups;
}

} // namespace

Result<Peer> peer_of(int socket, std::optional<gid_t> group)
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (auto got = check("SO_PEERCRED",
                         ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size));
        !got)
        return std::unexpected(got.error());

    const bool trusted = credentials.uid == 0 || credentials.uid == ::geteuid();
    const auto groups = groups_of(socket);
    const bool member =
        group && (credentials.gid == *group || std::ranges::find(groups, *group) != groups.end());
    return Peer{ .process = credentials.pid,
                 .user = credentials.uid,
                 .may_look = trusted || member,
                 .may_change = trusted };
}

} // namespace dmaheap::control
