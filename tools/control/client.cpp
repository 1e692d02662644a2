// SPDX-License-Identifier: MIT
#include "tools/control/client.h"

#include <array>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>

#include "tools/control/address.h"
#include "tools/control/errno_names.h"

namespace dmaheap::control {

namespace {

constexpr timeval kPatience{ .tv_sec = 60, .tv_usec = 0 };

std::string why(const std::string &path, const Error &error)
{
    switch (error.code) {
    case ENOENT:
    case ECONNREFUSED:
        return "no daemon at " + path +
               "; start it with \"systemctl start dmaheapd\", or name the "
               "socket of another one with --control PATH";
    case ENOTSOCK:
        return path + " is no socket; name that of a dmaheapd with --control PATH";
    case EACCES:
        return path + " is not for you: only root and the daemon's control-group may look";
    default:
        return path + ": " + error.step + ": " + std::strerror(error.code);
    }
}

std::unexpected<Refusal> lost(const char *what)
{
    if (errno == EAGAIN)
        return refuse("ETIMEDOUT", "the daemon does not answer");

    return refuse(name_of_errno(errno), std::string(what) + ": " + std::strerror(errno));
}

} // namespace

Answer<Client> Client::connect(const std::string &path)
{
    auto socket = connect_to(path);
    if (!socket)
        return refuse(name_of_errno(socket.error().code), why(path, socket.error()));

    ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    ::setsockopt(socket->get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    return Client(*std::move(socket));
}

Answer<Json> Client::ask(const Request &request)
{
    const std::string line = to_line(request);
    // A daemon that refuses the connection has said so already, and reads no more.
    static_cast<void>(::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL));

    std::array<char, 65536> bytes{};
    std::size_t end = in_.find('\n');
    while (end == std::string::npos) {
        const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (got < 0)
            return lost("the connection to the daemon");
        if (got == 0)
            return refuse("EPIPE", "the daemon has closed the connection");
        const std::size_t before = in_.size();
        in_.append(bytes.data(), static_cast<std::size_t>(got));
        end = in_.find('\n', before);
    }
    auto answer = parse_answer(std::string_view(in_).substr(0, end));
    in_.erase(0, end + 1);
    return answer;
}

} // namespace dmaheap::control
