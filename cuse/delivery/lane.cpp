// SPDX-License-Identifier: MIT
#include "cuse/delivery/lane.h"

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "cuse/delivery/impatience.h"

namespace dmaheap::delivery {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{ 2 };
constexpr milliseconds kFirstInterval{ 1 };
constexpr milliseconds kLongestInterval{ 32 };

[[noreturn]] void refuse(const char *step)
{
    throw std::system_error(errno, std::generic_category(), step);
}

/// A timer that sends the signal to this thread again and again: one may come just before the wait
/// that it is to end. While the signal is blocked the timer rests after the first, so an idle
/// thread is not woken; and it is never set again, which costs more than a step of a client.
timer_t make_timer()
{
    impatience::install();
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = impatience::signal();
    event._sigev_un._tid = ::gettid();
    timer_t timer{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer) == -1)
        refuse("timer_create");

    const timespec period{ .tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(kPatience).count() };
    const itimerspec setting{ .it_interval = period, .it_value = period };
    ::timer_settime(timer, 0, &setting, nullptr);
    return timer;
}

} // namespace

Lane::Lane()
{
    impatience::block();
    timer_ = make_timer();
    CPU_ZERO(&home_);
    ::sched_getaffinity(0, sizeof home_, &home_);
}

Lane::~Lane()
{
    ::timer_delete(timer_);
}

Lane::Stretch::Stretch(Lane &lane) : lane_(lane)
{
    lane_.begun_ = std::chrono::steady_clock::now();
    impatience::unblock();
}

Lane::Stretch::~Stretch()
{
    impatience::block();
    if (std::exchange(lane_.away_, false))
        ::sched_setaffinity(0, sizeof lane_.home_, &lane_.home_);
}

void Lane::move_to(int cpu)
{
    if (cpu < 0)
        return;

    cpu_set_t there;
    CPU_ZERO(&there);
    CPU_SET(static_cast<std::size_t>(cpu), &there);
    away_ = ::sched_setaffinity(0, sizeof there, &there) == 0;
}

bool Lane::out_of_patience() const
{
    return std::chrono::steady_clock::now() - begun_ >= kPatience;
}

void Lane::park(Awaited &awaited, std::coroutine_handle<> delivery)
{
    parked_.push_back(Parked{ &awaited, delivery });
    interval_ = kFirstInterval;
}

void Lane::keep(Errand errand)
{
    if (!errand.done())
        errands_.push_back(std::move(errand));
}

std::optional<milliseconds> Lane::resume()
{
    if (parked_.empty())
        return std::nullopt;

    interval_ = std::min(interval_ * 2, kLongestInterval);
    const auto waiting = [](const Parked &parked) { return !parked.awaited->advance(false); };
    const auto ready = std::stable_partition(parked_.begin(), parked_.end(), waiting);
    const std::vector<Parked> going_on(ready, parked_.end());
    parked_.erase(ready, parked_.end());
    for (const Parked &parked : going_on) {
        const Stretch stretch(*this);
        parked.delivery.resume(); // may park itself anew
    }
    std::erase_if(errands_, [](const Errand &errand) { return errand.done(); });
    return parked_.empty() ? std::nullopt : std::optional(interval_);
}

} // namespace dmaheap::delivery
