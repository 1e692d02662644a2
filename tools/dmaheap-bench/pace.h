// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "tools/dmaheap-bench/clock.h"

namespace dmaheap::bench {

/// How much one figure may cost: it ends at whichever comes first.
struct Limit {
    std::size_t rounds;
    Seconds time;

    /// The part that runs before, and is not recorded.
    Limit warm_up() const;
};

/// Counts the rounds of one series: `for (Pace pace(limit); pace.more();)`.
/// A few rounds run even when the time is over, so that there is a median.
class Pace {
public:
    explicit Pace(Limit limit) : limit_(limit), begin_(Clock::now()) {}

    bool more();

private:
    Limit limit_;
    Clock::time_point begin_;
    std::size_t done_ = 0;
};

} // namespace dmaheap::bench
