// SPDX-License-Identifier: MIT
#include "tests/support/notify_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>

namespace dmaheap::test {

NotifySocket::NotifySocket(const std::string &path)
    : path_(path), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);

    if (::bind(socket_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        throw std::system_error(errno, std::generic_category(), path);
}

bool NotifySocket::ready() const
{
    std::array<char, 4096> text{};
    const ssize_t size = ::recv(socket_.get(), text.data(), text.size(), 0);

    return size > 0 &&
           std::string_view(text.data(), static_cast<std::size_t>(size)).contains("READY=1");
}

} // namespace dmaheap::test
