// SPDX-License-Identifier: MIT
#include "tools/control/connection.h"

#include <array>
#include <cerrno>

#include <poll.h>

#include <sys/socket.h>

namespace dmaheap::control {

short Connection::wanted() const
{
    return has_unread() ? POLLOUT : POLLIN;
}

bool Connection::is_stuck(Clock::time_point now) const
{
    return has_unread() && now - progress_ > kPatience;
}

bool Connection::go_on(const Handler &handler)
{
    if (!flush())
        return false;
    if (has_unread())
        return true;
    if (!at_end_ && !in_.contains('\n') && !fill())
        return false;

    return answer_lines(handler) && (has_unread() || !at_end_);
}

void Connection::refuse_all(const Refusal &refusal)
{
    say(to_line(Answer<Json>(std::unexpected(refusal))));
    flush();
}

/// Takes in what is there, of one line's length at most.
bool Connection::fill()
{
    std::array<char, 16384> bytes{};
    const ssize_t got = ::recv(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0)
        in_.append(bytes.data(), static_cast<std::size_t>(got));
    if (got == 0)
        at_end_ = true;
    return got >= 0 || errno == EAGAIN || errno == EINTR;
}

bool Connection::answer_lines(const Handler &handler)
{
    while (!has_unread()) {
        const std::size_t end = in_.find('\n');
        if (end > kLongestLine && in_.size() > kLongestLine) {
            refuse_all({ .code = "EPROTO",
                         .message = "the line is longer than " + std::to_string(kLongestLine) +
                                    " bytes" });
            in_.clear();
            at_end_ = true;
            return true;
        }
        if (end == std::string::npos)
            return true;

        answer_line(in_.substr(0, end), handler);
        in_.erase(0, end + 1);
        if (!flush())
            return false;
    }
    return true;
}

void Connection::answer_line(const std::string &line, const Handler &handler)
{
    const auto request = parse_request(line);
    say(to_line(request ? handler(*request, peer_)
                        : Answer<Json>(std::unexpected(request.error()))));
}

void Connection::say(const std::string &line)
{
    out_ += line;
    progress_ = Clock::now();
}

bool Connection::flush()
{
    while (sent_ < out_.size()) {
        const ssize_t put =
            ::send(fd(), out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put == -1)
            return errno == EAGAIN || errno == EINTR;
        sent_ += static_cast<std::size_t>(put);
        progress_ = Clock::now();
    }
    std::string().swap(out_); // it may have been large
    sent_ = 0;
    return true;
}

} // namespace dmaheap::control
