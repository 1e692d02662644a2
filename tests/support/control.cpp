// SPDX-License-Identifier: MIT
#include "tests/support/control.h"

#include <cstdlib>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace dmaheap::test {

namespace {

std::string program()
{
    const char *const path = std::getenv("DMAHEAPCTL");
    return path == nullptr ? "dmaheapctl" : path;
}

} // namespace

Ran ctl(const Daemon &daemon, std::vector<std::string> arguments)
{
    std::vector<std::string> command{ program(), "--control", daemon.control() };
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(std::move(command), Deadline(std::chrono::seconds(60)));
}

nlohmann::json ctl_json(const Daemon &daemon, std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), "--json");
    const Ran ran = ctl(daemon, std::move(arguments));
    if (ran.outcome != exited(0))
        throw std::runtime_error("dmaheapctl: " + ran.output);
    return nlohmann::json::parse(ran.output);
}

UniqueFd connect_to_control(const Daemon &daemon)
{
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    daemon.control().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == -1)
        return {};

    const timeval patience{ .tv_sec = 30L * slowness(), .tv_usec = 0 };
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return socket;
}

void send_text(const UniqueFd &socket, const std::string &text)
{
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t put =
            ::send(socket.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (put <= 0)
            return;
        sent += static_cast<std::size_t>(put);
    }
}

std::string receive_line(const UniqueFd &socket)
{
    std::string line;
    char letter = 0;
    while (::recv(socket.get(), &letter, 1, 0) == 1 && letter != '\n')
        line += letter;
    return line;
}

} // namespace dmaheap::test
