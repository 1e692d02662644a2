// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <optional>
#include <thread>

#include "tools/control/connection.h"
#include "tools/control/listener.h"

namespace dmaheap::control {

/// Serves the control socket in a thread of its own, which sleeps while nobody asks.
///
/// Clients may send anything, and nothing, and read nothing: they are refused, or closed, and
/// nobody else waits for them.
class Server {
public:
    static constexpr std::size_t kMostConnections = 64;
    /// Of one user who may only look, so that root always finds room.
    static constexpr std::size_t kMostOfOneUser = 16;

    /// `handler` is called in the server's thread. Throws std::exception.
    Server(std::string path, std::optional<gid_t> group, Handler handler);
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;
    ~Server();

private:
    void serve();
    bool wait(); ///< false: it is to end
    void admit();
    void admit(UniqueFd socket);
    [[nodiscard]] std::optional<Refusal> why_not(const Peer &peer) const;
    [[nodiscard]] int patience() const;

    Listener listener_;
    std::optional<gid_t> group_;
    Handler handler_;
    UniqueFd end_;       ///< an eventfd
    bool tired_ = false; ///< the last client could not be taken in: no descriptors, no memory
    std::list<Connection> connections_;
    std::jthread thread_;
};

} // namespace dmaheap::control
