// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/pace.h"

#include <algorithm>

namespace dmaheap::bench {
namespace {

constexpr std::size_t kFewest = 3;

} // namespace

Limit Limit::warm_up() const
{
    return { .rounds = std::clamp<std::size_t>(rounds / 10, 1, 100), .time = time / 10 };
}

bool Pace::more()
{
    if (done_ == limit_.rounds)
        return false;
    if (done_ >= kFewest && Clock::now() - begin_ > limit_.time)
        return false;

    ++done_;
    return true;
}

} // namespace dmaheap::bench
