// SPDX-License-Identifier: MIT
#include "cuse/notify/supervisor.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <poll.h>

#include <sys/eventfd.h>

namespace dmaheap::cuse {

Supervisor::Supervisor(Listener listener, Desk &desk, unsigned threads)
    : listener_(std::move(listener)), desk_(desk), stop_(::eventfd(0, EFD_CLOEXEC))
{
    if (!stop_.valid())
        throw std::system_error(errno, std::generic_category(), "eventfd");

    listener_.take_turns();
    for (unsigned made = 0; made < threads; ++made)
        threads_.emplace_back([this] { run(); });
}

Supervisor::~Supervisor()
{
    ::eventfd_write(stop_.get(), 1);
    threads_.clear();
}

void Supervisor::run()
{
    while (const auto waiting = next())
        if (!desk_.take(listener_, *waiting))
            static_cast<void>(listener_.let_pass(waiting->id));
}

/// Nothing when it is time to stop, or nobody is left who could call.
std::optional<Notification> Supervisor::next()
{
    const std::scoped_lock lock(turn_);
    while (!stopped_) {
        std::array<pollfd, 2> waited{ pollfd{ listener_.fd(), POLLIN, 0 },
                                      pollfd{ stop_.get(), POLLIN, 0 } };
        ::poll(waited.data(), waited.size(), -1);
        stopped_ = waited[1].revents != 0 || (waited[0].revents & (POLLHUP | POLLERR)) != 0;
        if (stopped_ || (waited[0].revents & POLLIN) == 0)
            continue;

        const auto received = listener_.receive();
        if (received && received->has_value())
            return *received;
        stopped_ = !received;
    }
    return std::nullopt;
}

} // namespace dmaheap::cuse
