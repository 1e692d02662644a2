// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace dmaheap::bench {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using Microseconds = std::chrono::duration<double, std::micro>;

/// How long `work` takes, in microseconds.
template <class Work>
double microseconds_of(Work &&work)
{
    const Clock::time_point begin = Clock::now();
    work();
    return Microseconds(Clock::now() - begin).count();
}

} // namespace dmaheap::bench
