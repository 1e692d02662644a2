// SPDX-License-Identifier: MIT
//
// Figures for people: `integration [figure]`. Nothing is asserted but that they can be had.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tests/support/proc.h"

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

TEST_CASE("figure: reserved buffers of 4 KiB and of 64 MiB", "[.][figure]")
{
    constexpr int kRounds = 21;
    constexpr int kBuffers = 4;
    Daemon daemon({ .heaps = { "4KiB=reserved,buffers=4,buffer-size=4KiB",
                               "64MiB=reserved,buffers=4,buffer-size=64MiB" } });
    Client client;
    std::map<std::string, std::vector<double>> medians;
    for (int round = 0; round < kRounds; ++round)
        for (const auto &[heap, size] :
             { std::pair<std::string, int>{ "4KiB", 4 << 10 }, { "64MiB", 64 << 20 } }) {
            const auto node = client.get("open", daemon.node(heap));
            // No more than there are, so that none is waited for.
            const Answer fresh = client.ask("take", node, size, kBuffers);
            CHECK(fresh.value(0) == kBuffers);
            medians[heap].push_back(static_cast<double>(fresh.value(2)) / 1000);
            client.ask("close", node);
            CHECK(daemon.await_live(0, heap));
            let_pass(std::chrono::milliseconds(500) * slowness()); // they are wiped meanwhile
        }
    const auto &small = medians["4KiB"];
    const auto &large = medians["64MiB"];
    const double least_small = std::ranges::min(small);
    const double least_large = std::ranges::min(large);
    std::printf("reserved, allocation in microseconds: 4 KiB %.1f (least %.1f), 64 MiB "
                "%.1f (least %.1f), ratio %.2f (%.2f)\n",
                median(small), least_small, median(large), least_large,
                median(large) / median(small), least_large / least_small);
}

namespace {

// Of the median allocation, in microseconds.
double allocation_time(const Opened &opened, Client &client)
{
    std::vector<double> medians;
    for (int round = 0; round < 9; ++round)
        medians.push_back(
            static_cast<double>(client.ask("cycle", opened.heap, 4096, 200).value(2)) / 1000);
    return median(medians);
}

long anonymous_memory(pid_t process)
{
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon:"))
            return std::atol(line.c_str() + 8) * 1024;
    return 0;
}

} // namespace

TEST_CASE("figure: what 10,000 live buffers cost", "[.][figure]")
{
    constexpr int kBuffers = 10'000;
    constexpr int kOfOne = 500; // a client may have 1024 descriptors
    Scene scene({ .heaps = { std::string(kHeap) + "=system,limit=1GiB" } });
    Opened measured(scene.daemon);
    const double before = allocation_time(measured, measured.client);
    const long memory = anonymous_memory(scene.daemon.pid());

    std::list<Opened> holders;
    for (int count = 0; count < kBuffers; ++count) {
        if (count % kOfOne == 0)
            holders.emplace_back(scene.daemon);
        holders.back().client.get("alloc", holders.back().heap, 4096);
    }
    const double more = static_cast<double>(anonymous_memory(scene.daemon.pid()) - memory);
    const double after = allocation_time(measured, measured.client);
    const long ticks = proc::cpu_time(scene.daemon.pid());
    let_pass(std::chrono::seconds(20));
    const double used = static_cast<double>(proc::cpu_time(scene.daemon.pid()) - ticks);

    std::printf("10,000 live buffers: %.0f bytes of the daemon each; an allocation takes %.1f us, "
                "with none live %.1f us (%.2f times); looking after them takes %.2f%% of a core\n",
                more / kBuffers, after, before, after / before,
                used * 100 / static_cast<double>(::sysconf(_SC_CLK_TCK)) / 20);
    CHECK(scene.daemon.live().buffers == kBuffers);
}
