// SPDX-License-Identifier: MIT
//
// Figures for people: `integration [figure]`. Nothing is asserted but that they can be had.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values)
{
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace

TEST_CASE("figure: from start to ready with 16 heaps", "[.][figure]")
{
    DaemonOptions options{ .heaps = {} };
    for (int index = 0; index < 16; ++index)
        options.heaps.push_back("heap" + std::to_string(index));

    std::vector<double> starts;
    std::vector<double> ends;
    for (int round = 0; round < 15; ++round) {
        auto start = Clock::now();
        Daemon daemon(options);
        starts.push_back(milliseconds_since(start));
        start = Clock::now();
        CHECK(daemon.stop() == exited(0));
        ends.push_back(milliseconds_since(start));
    }
    std::printf("16 heaps, in milliseconds: start to ready %.1f (most %.1f), SIGTERM to end %.1f\n",
                median(starts), *std::ranges::max_element(starts), median(ends));
}
