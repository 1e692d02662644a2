// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/control.h"

using namespace dmaheap::test;
using nlohmann::json;

namespace {

constexpr long kMiB = 1 << 20;

json heap_of(const Daemon &daemon, const std::string &name = kHeap)
{
    for (const json &heap : ctl_json(daemon, { "heaps" }))
        if (heap["name"] == name)
            return heap;
    return {};
}

long cached(const Daemon &daemon)
{
    return heap_of(daemon)["cached"];
}

struct Kept {
    explicit Kept(const Daemon &daemon)
        : bytes(cached(daemon)), recycled(heap_of(daemon)["recycled"])
    {
    }
    long bytes;
    long recycled;
};

// Waits until so many bytes have been wiped and are to be had.
bool await_ready(const Daemon &daemon, long bytes)
{
    return await([&] { return heap_of(daemon)["cached-ready"] >= bytes; });
}

DaemonOptions keeping(const std::string &most)
{
    return { .heaps = { std::string(kHeap) + "=system,cache=" + most } };
}

/// Buffers of `size` one after the other, each written to all over, until so many of them were
/// made of what was kept. Returns how many were not zero.
long use_up(Scene &scene, Opened &opened, long size, long recycled)
{
    constexpr int kAtATime = 64;
    long bad = 0;
    while (heap_of(scene.daemon)["recycled"] < recycled)
        bad += kAtATime - opened.client.get("use-up", opened.heap, size, kAtATime);
    return bad;
}

double median(std::vector<double> values)
{
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace

TEST_CASE("cache: a buffer that has ended is kept for the next, and no longer charged", "[cache]")
{
    Scene scene(keeping("8MiB"));
    Opened opened(scene.daemon);
    const auto first = opened.client.get("alloc", opened.heap, kMiB);
    const Kept before(scene.daemon);

    opened.client.get("close", first);

    REQUIRE(await_ready(scene.daemon, before.bytes + kMiB));
    const Kept kept(scene.daemon);
    CHECK(kept.bytes == before.bytes + kMiB);
    CHECK(kept.recycled == before.recycled);
    CHECK(scene.daemon.live().bytes == 0);
    opened.client.get("alloc", opened.heap, kMiB);
    const Kept after(scene.daemon);
    CHECK(after.bytes == before.bytes);
    CHECK(after.recycled == before.recycled + 1);
    CHECK(scene.daemon.live().bytes == kMiB);
}

TEST_CASE("cache: no more is kept than is allowed", "[cache]")
{
    Scene scene(keeping("2MiB"));
    Opened opened(scene.daemon);
    std::vector<long long> buffers;
    for (int count = 0; count < 8; ++count)
        buffers.push_back(opened.client.get("alloc", opened.heap, kMiB));

    for (const long long buffer : buffers)
        opened.client.get("close", buffer);

    CHECK(scene.daemon.await_live(0));
    CHECK(await_ready(scene.daemon, kMiB));
    CHECK(cached(scene.daemon) <= 2 * kMiB);
    Opened large(scene.daemon);
    large.client.get("close", large.client.get("alloc", large.heap, 4 * kMiB));
    CHECK(scene.daemon.await_live(0));
    CHECK(cached(scene.daemon) <= 2 * kMiB);
}

TEST_CASE("cache: a heap keeps nothing that was not told to", "[cache]")
{
    Scene scene;
    Opened opened(scene.daemon);

    opened.client.get("close", opened.client.get("alloc", opened.heap, kMiB));

    CHECK(scene.daemon.await_live(0));
    CHECK(cached(scene.daemon) == 0);
}

TEST_CASE("cache: limits count what is live", "[cache]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,cache=8MiB,limit=2MiB" } });
    Opened opened(scene.daemon);
    const Kept before(scene.daemon);
    for (int round = 0; round < 3; ++round) {
        const auto buffer = opened.client.get("alloc", opened.heap, 2 * kMiB);
        CHECK(opened.client.error("alloc", opened.heap, 4096) == ENOMEM);
        opened.client.get("close", buffer);
        REQUIRE(await_ready(scene.daemon, before.bytes + 2 * kMiB));
    }
    CHECK(Kept(scene.daemon).recycled == before.recycled + 2);
}

TEST_CASE("cache: what one heap keeps of a region, another gets before ENOMEM", "[cache]")
{
    const TempDir folder;
    const std::string path = folder.path() + "/board.toml";
    std::ofstream(path) << "[region.r]\nsize = \"8MiB\"\n"
                           "[heap.integration]\npolicy = \"carveout\"\nregion = \"r\"\n"
                           "cache = \"8MiB\"\n"
                           "[heap.integration-other]\npolicy = \"carveout\"\nregion = \"r\"\n";
    Scene scene({ .heaps = {}, .more = { "-c", path } });
    Opened opened(scene.daemon);
    const auto other = opened.client.get("open", scene.daemon.node("integration-other"));
    for (int round = 0; round < 3; ++round) {
        CHECK(opened.client.get("use-up", opened.heap, 6 * kMiB, 1) == 1);
        REQUIRE(await_ready(scene.daemon, 6 * kMiB));

        CHECK(opened.client.get("use-up", other, 8 * kMiB, 1) == 1);

        CHECK(cached(scene.daemon) == 0);
        CHECK(scene.daemon.await_live(0, "integration-other"));
    }
}

TEST_CASE("cache: nobody sees what another has written", "[cache]")
{
    Scene scene(keeping("16MiB"));
    Opened opened(scene.daemon);

    CHECK(use_up(scene, opened, 16384, times(2000)) == 0);

    CHECK(scene.daemon.await_live(0));
}

TEST_CASE("cache: nobody sees what another has written, 100,000 times", "[.][cache-soak]")
{
    constexpr long kTimes = 100'000;
    Scene scene(keeping("64MiB"));
    Opened opened(scene.daemon);

    const long bad = use_up(scene, opened, 16384, kTimes);

    std::printf("%ld recycled buffers, of which %ld were not zero\n",
                heap_of(scene.daemon)["recycled"].get<long>(), bad);
    CHECK(bad == 0);
}

TEST_CASE("figure: recycled buffers of 4 KiB and of 64 MiB", "[.][figure]")
{
    constexpr int kRounds = 40;
    constexpr long kSmall = 4096;
    constexpr long kLarge = 64 * kMiB;
    Scene scene(keeping("512MiB"));
    Opened opened(scene.daemon);
    std::vector<double> small;
    std::vector<double> large;
    const auto measure = [&](long size, std::vector<double> &times) {
        times.push_back(
            static_cast<double>(opened.client.ask("take", opened.heap, size, 1).value(2)) / 1000);
        CHECK(await_ready(scene.daemon, kSmall + kLarge));
    };
    opened.client.get("use-up", opened.heap, kSmall, 1);
    opened.client.get("use-up", opened.heap, kLarge, 1);
    REQUIRE(await_ready(scene.daemon, kSmall + kLarge));
    const long before = Kept(scene.daemon).recycled;
    for (int round = 0; round < kRounds; ++round) {
        measure(kSmall, small);
        measure(kLarge, large);
    }
    CHECK(Kept(scene.daemon).recycled == before + 2 * kRounds);
    std::printf("recycled, allocation in microseconds: 4 KiB %.1f (least %.1f), 64 MiB "
                "%.1f (least %.1f), ratio %.2f (%.2f)\n",
                median(small), std::ranges::min(small), median(large), std::ranges::min(large),
                median(large) / median(small), std::ranges::min(large) / std::ranges::min(small));
}
