// SPDX-License-Identifier: MIT
#include "tools/control/server.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/socket.h>

namespace dmaheap::control {

namespace {

/// How often to look for clients that do not read, while there are answers that are not read.
constexpr int kLookMs = 1000;

void block_signals()
{
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

} // namespace

Server::Server(std::string path, std::optional<gid_t> group, Handler handler)
    : listener_(std::move(path), group), group_(group), handler_(std::move(handler)),
      end_(::eventfd(0, EFD_CLOEXEC))
{
    if (!end_.valid())
        throw std::system_error(errno, std::generic_category(), "eventfd");

    thread_ = std::jthread([this] { serve(); });
}

Server::~Server()
{
    ::eventfd_write(end_.get(), 1);
}

void Server::serve()
{
    block_signals();
    ::pthread_setname_np(::pthread_self(), "control");
    while (wait()) {
        const auto now = Connection::Clock::now();
        std::erase_if(connections_, [&](Connection &connection) {
            return connection.is_stuck(now) || !connection.go_on(handler_);
        });
        admit();
    }
    connections_.clear();
}

bool Server::wait()
{
    const int listener = std::exchange(tired_, false) ? -1 : listener_.fd();
    std::vector<pollfd> waited{ { .fd = end_.get(), .events = POLLIN, .revents = 0 },
                                { .fd = listener, .events = POLLIN, .revents = 0 } };
    for (const Connection &connection : connections_)
        waited.push_back({ .fd = connection.fd(), .events = connection.wanted(), .revents = 0 });
    ::poll(waited.data(), waited.size(), listener == -1 ? kLookMs : patience());
    return waited.front().revents == 0;
}

int Server::patience() const
{
    return std::ranges::any_of(connections_, &Connection::has_unread) ? kLookMs : -1;
}

void Server::admit()
{
    for (std::size_t count = 0; count < kMostConnections; ++count) {
        UniqueFd socket(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket.valid()) {
            tired_ = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
            return;
        }
        admit(std::move(socket));
    }
}

void Server::admit(UniqueFd socket)
{
    const auto peer = peer_of(socket.get(), group_);
    if (!peer)
        return;

    Connection connection(std::move(socket), *peer);
    if (const auto refusal = why_not(*peer))
        connection.refuse_all(*refusal);
    else
        connections_.push_back(std::move(connection));
}

std::optional<Refusal> Server::why_not(const Peer &peer) const
{
    if (!peer.may_look)
        return Refusal{ .code = "EPERM",
                        .message = "only root and the members of control-group may look" };

    const auto of_same = [&](const Connection &other) { return other.peer().user == peer.user; };
    const auto same = static_cast<std::size_t>(std::ranges::count_if(connections_, of_same));
    if (connections_.size() >= kMostConnections || (!peer.may_change && same >= kMostOfOneUser))
        return Refusal{ .code = "EBUSY", .message = "too many connections; try again later" };

    return std::nullopt;
}

} // namespace dmaheap::control
