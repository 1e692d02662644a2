// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "core/unique_fd.h"
#include "tools/control/peer.h"
#include "tools/control/protocol.h"

namespace dmaheap::control {

/// What does what is asked for.
using Handler = std::function<Answer<Json>(const Request &, const Peer &)>;

/// One client of the control socket, who may say and do anything. Never waits for it: what it does
/// not read is kept, and no more is done for it meanwhile.
class Connection {
public:
    using Clock = std::chrono::steady_clock;

    /// How long a client may leave an answer unread.
    static constexpr std::chrono::seconds kPatience{ 10 };

    /// `socket` does not wait.
    Connection(UniqueFd socket, Peer peer) : socket_(std::move(socket)), peer_(peer) {}

    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] const Peer &peer() const { return peer_; }
    /// What to poll for.
    [[nodiscard]] short wanted() const;
    /// Whether it has left an answer unread too long.
    [[nodiscard]] bool is_stuck(Clock::time_point now) const;
    [[nodiscard]] bool has_unread() const { return !out_.empty(); }

    /// Goes on with what can be done now. False: the connection is to be closed.
    bool go_on(const Handler &handler);

    /// Says why it is going to be closed, as far as that can be said without waiting.
    void refuse_all(const Refusal &refusal);

private:
    bool fill();
    bool flush();
    bool answer_lines(const Handler &handler);
    void answer_line(const std::string &line, const Handler &handler);
    void say(const std::string &line);

    UniqueFd socket_;
    Peer peer_;
    std::string in_;
    std::string out_;
    std::size_t sent_ = 0; ///< of `out_`
    Clock::time_point progress_{};
    bool at_end_ = false; ///< nothing more is read from it
};

} // namespace dmaheap::control
