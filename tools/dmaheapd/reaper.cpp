// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/reaper.h"

#include <cstdint>
#include <system_error>

#include <unistd.h>

#include <sys/timerfd.h>

namespace dmaheap::daemon {

namespace {

constexpr long kIntervalNs = 100'000'000;

} // namespace

Reaper::Reaper() : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK))
{
    if (!timer_.valid())
        throw std::system_error(errno, std::generic_category(), "timerfd_create");
}

void Reaper::start() const
{
    itimerspec once{};
    once.it_value.tv_nsec = kIntervalNs;
    ::timerfd_settime(timer_.get(), 0, &once, nullptr);
}

void Reaper::tick(Exporter &exporter) const
{
    std::uint64_t expirations = 0;
    static_cast<void>(!::read(timer_.get(), &expirations, sizeof expirations));
    if (exporter.reap())
        start();
}

} // namespace dmaheap::daemon
