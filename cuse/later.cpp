// SPDX-License-Identifier: MIT
#include "cuse/later.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/timerfd.h>

namespace dmaheap::cuse {

Later::Later() : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK))
{
    if (!timer_.valid())
        throw std::system_error(errno, std::generic_category(), "timerfd_create");
}

void Later::add(std::chrono::milliseconds delay, Work work)
{
    const std::scoped_lock lock(mutex_);
    waiting_.emplace(Clock::now() + delay, std::move(work));
    set_timer();
}

std::optional<Later::Work> Later::take()
{
    const std::scoped_lock lock(mutex_);
    const auto first = waiting_.begin();
    std::optional<Work> due;
    if (first != waiting_.end() && first->first <= Clock::now()) {
        due = std::move(first->second);
        waiting_.erase(first);
    }
    set_timer();
    return due;
}

/// To the first; setting it takes back that it has expired. With the lock.
void Later::set_timer()
{
    itimerspec when{}; // never
    if (!waiting_.empty()) {
        const auto since_boot = waiting_.begin()->first.time_since_epoch();
        const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
        when.it_value.tv_sec = seconds.count();
        when.it_value.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
    }
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

} // namespace dmaheap::cuse
