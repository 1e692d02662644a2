// SPDX-License-Identifier: MIT
#include "tools/control/address.h"

#include <sys/stat.h>

namespace dmaheap::control {

Result<sockaddr_un> address_of(const std::string &path)
{
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path)
        return failure(ENAMETOOLONG, "path of the socket");

    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    return address;
}

Result<UniqueFd> connect_to(const std::string &path, int flags)
{
    const auto address = address_of(path);
    if (!address)
        return std::unexpected(address.error());

    struct stat found{};
    if (::stat(path.c_str(), &found) == -1)
        return failure(errno, "stat");
    if (!S_ISSOCK(found.st_mode))
        return failure(ENOTSOCK, "connect");

    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (!socket.valid())
        return failure(errno, "socket");
    if (::connect(socket.get(), reinterpret_cast<const sockaddr *>(&*address), sizeof *address) ==
        -1)
        return failure(errno, "connect");

    return socket;
}

} // namespace dmaheap::control
