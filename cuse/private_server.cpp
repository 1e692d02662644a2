// SPDX-License-Identifier: MIT
#include "cuse/private_server.h"

#include <array>
#include <exception>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "core/close_others.h"

namespace dmaheap::cuse {

namespace {

UniqueFd required(const char *step, long fd)
{
    if (fd == -1)
        throw std::system_error(errno, std::generic_category(), step);
    return UniqueFd(static_cast<int>(fd));
}

} // namespace

PrivateServer::PrivateServer(UniqueFd channel, MakeChannel make, std::function<void()> at_end)
    : process_(required("pidfd_open", ::syscall(SYS_pidfd_open, ::getpid(), 0))),
      stop_(required("eventfd", ::eventfd(0, EFD_CLOEXEC))),
      posted_(required("eventfd", ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)))
{
    std::promise<void> started;
    auto outcome = started.get_future();
    thread_ =
        std::jthread([this, fd = channel.get(), make = std::move(make), at_end = std::move(at_end),
                      started = std::move(started)]() mutable { run(fd, make, started, at_end); });
    outcome.get(); // from here on the thread has its own descriptor, and ours is closed
}

PrivateServer::~PrivateServer()
{
    ::eventfd_write(stop_.get(), 1);
}

Result<UniqueFd> PrivateServer::fetch(int fd) const
{
    const auto fetched =
        check("pidfd_getfd", static_cast<int>(::syscall(SYS_pidfd_getfd, process_.get(), fd, 0)));
    if (!fetched)
        return std::unexpected(fetched.error());

    return UniqueFd(*fetched);
}

void PrivateServer::run(int channel_fd, const MakeChannel &make, std::promise<void> &started,
                        const std::function<void()> &at_end)
{
    std::unique_ptr<Channel> channel;
    try {
        leave_shared_table(channel_fd);
        channel = make(UniqueFd(channel_fd));
    } catch (...) {
        return started.set_exception(std::current_exception());
    }
    started.set_value();
    serve(*channel);
    do_posted();
    at_end();
}

void PrivateServer::post(std::move_only_function<void()> work)
{
    {
        const std::scoped_lock lock(mutex_);
        work_.push_back(std::move(work));
    }
    ::eventfd_write(posted_.get(), 1);
}

void PrivateServer::do_posted()
{
    std::vector<std::move_only_function<void()>> work;
    {
        const std::scoped_lock lock(mutex_);
        work.swap(work_);
    }
    for (auto &one : work)
        one();
}

/// Keeps no more than it needs: what the process closes is to be closed.
void PrivateServer::leave_shared_table(int channel_fd) const
{
    if (::unshare(CLONE_FILES) == -1)
        throw std::system_error(errno, std::generic_category(), "unshare");
    close_others({ channel_fd, process_.get(), stop_.get(), posted_.get() }, STDERR_FILENO + 1);
}

void PrivateServer::serve(Channel &channel)
{
    auto room = Channel::room_for_requests();
    std::array<pollfd, 3> waited{ pollfd{ channel.fd(), POLLIN, 0 },
                                  pollfd{ stop_.get(), POLLIN, 0 },
                                  pollfd{ posted_.get(), POLLIN, 0 } };
    while (::poll(waited.data(), waited.size(), -1) != -1 || errno == EINTR) {
        if (waited[1].revents != 0)
            return;
        if (eventfd_t count = 0; waited[2].revents != 0) {
            ::eventfd_read(posted_.get(), &count);
            do_posted();
        }
        const auto request = channel.receive(room);
        if (request)
            channel.serve(*request);
        else if (request.error().code == ENODEV)
            return; // the connection has ended
    }
}

} // namespace dmaheap::cuse
