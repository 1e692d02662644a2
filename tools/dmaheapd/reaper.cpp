// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/reaper.h"

#include <algorithm>
#include <cstdint>
#include <system_error>

#include <unistd.h>

#include <sys/timerfd.h>

namespace dmaheap::daemon {

namespace {

using std::chrono::nanoseconds;

/// After something has become live, or has been let go of.
constexpr nanoseconds kSoon = std::chrono::milliseconds(20);
constexpr nanoseconds kLeast = std::chrono::milliseconds(100);
constexpr nanoseconds kMost = std::chrono::milliseconds(900);
/// A look at thousands of buffers takes some milliseconds, and may take half a percent of a CPU.
constexpr int kIdle = 200;

} // namespace

Reaper::Reaper() : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK))
{
    if (!timer_.valid())
        throw std::system_error(errno, std::generic_category(), "timerfd_create");
}

void Reaper::start() const
{
    const std::scoped_lock lock(mutex_);
    if (due_ > Clock::now() + kSoon) // one that has passed is seen to already
        start_in(kSoon);
}

void Reaper::tick(Exporter &exporter) const
{
    const auto begun = Clock::now();
    {
        const std::scoped_lock lock(mutex_);
        std::uint64_t expirations = 0;
        static_cast<void>(!::read(timer_.get(), &expirations, sizeof expirations));
        due_ = kNever;
    }
    const bool again = exporter.reap();

    const std::scoped_lock lock(mutex_);
    if (again && due_ == kNever)
        start_in(std::clamp<nanoseconds>((Clock::now() - begun) * kIdle, kLeast, kMost));
}

void Reaper::start_in(nanoseconds time) const
{
    itimerspec once{};
    once.it_value.tv_nsec = time.count(); // below a second
    ::timerfd_settime(timer_.get(), 0, &once, nullptr);
    due_ = Clock::now() + time;
}

} // namespace dmaheap::daemon
