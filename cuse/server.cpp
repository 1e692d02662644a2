// SPDX-License-Identifier: MIT
#include "cuse/server.h"

#include <cerrno>
#include <chrono>
#include <exception>
#include <system_error>
#include <thread>

#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace dmaheap::cuse {

namespace {

constexpr int kForever = -1;
constexpr std::chrono::seconds kFarewell{ 2 };

/// Brings to an end what has been begun; a client that is still away after that is left alone,
/// which kills one that is in the middle of it.
void finish(delivery::Delivery &delivery)
{
    const auto end = std::chrono::steady_clock::now() + kFarewell;
    for (auto pause = delivery.resume(); pause && std::chrono::steady_clock::now() < end;
         pause = delivery.resume())
        std::this_thread::sleep_for(*pause);
    delivery.leave();
}

UniqueFd required(const char *step, int fd)
{
    if (fd == -1)
        throw std::system_error(errno, std::generic_category(), step);
    return UniqueFd(fd);
}

} // namespace

Server::Server(unsigned threads, delivery::Delivery *delivery, Later *later)
    : delivery_(delivery), later_(later),
      epoll_(required("epoll_create1", ::epoll_create1(EPOLL_CLOEXEC))),
      stop_(required("eventfd", ::eventfd(0, EFD_CLOEXEC)))
{
    epoll_event event{ .events = EPOLLIN, .data = { .ptr = nullptr } };
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, stop_.get(), &event);
    if (later_)
        arm(EPOLL_CTL_ADD, later_->fd(), later_);
    std::vector<std::future<void>> outcomes;
    try {
        while (threads_.size() < threads) {
            std::promise<void> started;
            outcomes.push_back(started.get_future());
            threads_.emplace_back([this, started = std::move(started)]() mutable { run(started); });
        }
    } catch (const std::exception &) {
        if (threads_.empty())
            throw;
        outcomes.resize(threads_.size());
    } // else with those that there are; they would wait for the end of an unmade server
    await(std::move(outcomes));
}

/// Throws when no thread has what it needs.
void Server::await(std::vector<std::future<void>> outcomes)
{
    std::exception_ptr failed;
    std::size_t serving = 0;
    for (auto &outcome : outcomes) {
        try {
            outcome.get();
            ++serving;
        } catch (...) {
            failed = std::current_exception();
        }
    }
    if (serving > 0)
        return;

    threads_.clear();
    std::rethrow_exception(failed);
}

Server::~Server()
{
    ::eventfd_write(stop_.get(), 1);
    threads_.clear();
}

void Server::add(Channel &channel)
{
    arm(EPOLL_CTL_ADD, channel.fd(), &channel);
}

/// What this thread needs it has once it has started.
void Server::run(std::promise<void> &started)
{
    Channel::Room room;
    try {
        room = Channel::room_for_requests();
        if (delivery_)
            delivery_->resume();
    } catch (...) {
        return started.set_exception(std::current_exception());
    }
    started.set_value();
    for (bool going_on = true; going_on;) {
        const auto pause = delivery_ ? delivery_->resume() : std::nullopt;
        going_on = serve_one(room, pause ? static_cast<int>(pause->count()) : kForever);
    }
    if (delivery_)
        finish(*delivery_);
}

/// False when the server is to stop.
bool Server::serve_one(Channel::Room &room, int timeout)
{
    epoll_event event{};
    if (::epoll_wait(epoll_.get(), &event, 1, timeout) != 1)
        return true;
    if (!event.data.ptr)
        return false;

    if (event.data.ptr == later_)
        do_later();
    else
        serve(*static_cast<Channel *>(event.data.ptr), room);
    return true;
}

void Server::serve(Channel &channel, Channel::Room &room)
{
    const auto request = channel.receive(room);
    if (!request && request.error().code == ENODEV)
        return; // the connection has ended; it is not armed again

    arm(EPOLL_CTL_MOD, channel.fd(), &channel);
    if (request)
        channel.serve(*request);
}

void Server::do_later()
{
    auto work = later_->take();
    arm(EPOLL_CTL_MOD, later_->fd(), later_);
    if (work)
        (*work)();
}

void Server::arm(int operation, int fd, void *data)
{
    epoll_event event{ .events = EPOLLIN | EPOLLONESHOT, .data = { .ptr = data } };
    const bool done = ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
    const bool closed = !done && operation == EPOLL_CTL_MOD && errno == ENOENT;
    if (!done && !closed)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

} // namespace dmaheap::cuse
