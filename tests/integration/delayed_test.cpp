// SPDX-License-Identifier: MIT
//
// Allocations that somebody has asked to be late (dmaheapctl faults) keep nobody else waiting.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <list>
#include <string>

#include "tests/integration/changing.h"
#include "tests/support/catch.h"
#include "tests/support/control.h"

using namespace dmaheap::test;
using namespace std::chrono_literals;

namespace {

constexpr int kPage = 4096;
constexpr std::size_t kMoreThanThreads = 20;
const std::string kOther = "integration-other";

/// Much longer than what a test does meanwhile; none waits for it to pass.
constexpr auto kLong = 10s;

void make_late(const Daemon &daemon, std::chrono::milliseconds delay, std::size_t count,
               const std::string &heap = kHeap)
{
    const Ran ran = ctl(daemon, { "faults", "set", heap, "--delay", std::to_string(delay.count()),
                                  "--count", std::to_string(count) });
    INFO(ran.output);
    REQUIRE(ran.outcome == exited(0));
}

/// Waits until all that were to be delayed are.
void await_under_way(const Daemon &daemon)
{
    REQUIRE(await([&] {
        return std::ranges::all_of(ctl_json(daemon, { "faults" }),
                                   [](const auto &heap) { return heap["delay-ms"] == 0; });
    }));
}

bool has_answer(const Client &client)
{
    return await_readable(client.output(), Deadline(0ms));
}

/// Clients that wait for a delayed page each.
struct Delayed {
    Delayed(const Daemon &daemon, std::chrono::milliseconds delay, std::size_t count)
    {
        for (std::size_t each = 0; each < count; ++each)
            clients.emplace_back(daemon);
        make_late(daemon, delay, count);
        for (Opened &each : clients)
            each.client.tell("alloc", each.heap, kPage);
        await_under_way(daemon);
    }

    [[nodiscard]] std::ptrdiff_t answered() const
    {
        return std::ranges::count_if(clients,
                                     [](const Opened &each) { return has_answer(each.client); });
    }

    std::list<Opened> clients;
};

DaemonOptions two_heaps()
{
    return { .heaps = { kHeap, kOther } };
}

} // namespace

TEST_CASE("delayed: more of them than threads keep no other heap waiting, nor the daemon's end",
          "[delayed]")
{
    Scene scene(two_heaps());
    Client other;
    const auto heap = other.get("open", scene.daemon.node(kOther));
    Delayed delayed(scene.daemon, kLong, kMoreThanThreads);

    other.get("alloc", heap, kPage);
    CHECK(delayed.answered() == 0);

    CHECK(scene.daemon.stop() == exited(0));
    for (Opened &each : delayed.clients)
        CHECK(each.client.hear().error() == EIO);
}

TEST_CASE("delayed: as many as were asked for, and no more", "[delayed]")
{
    Scene scene;
    Opened other(scene.daemon);
    Delayed delayed(scene.daemon, 7s, 3);

    other.client.get("alloc", other.heap, kPage);
    CHECK(delayed.answered() == 0);

    for (Opened &each : delayed.clients)
        CHECK(each.client.hear().error() == 0);
    CHECK(scene.daemon.live().buffers == 4);
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("delayed: a client that is killed meanwhile loses nothing", "[delayed]")
{
    Scene scene;
    Balance balance(scene.daemon);
    {
        Delayed delayed(scene.daemon, 1s, kMoreThanThreads);
        for (Opened &each : delayed.clients)
            each.client.process().signal(SIGKILL);
        for (Opened &each : delayed.clients)
            CHECK(each.client.process().wait() == killed(SIGKILL));
    }

    CHECK(balance.difference() == "");
    expect_served(scene.daemon);
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("delayed: a signal is handled, and the allocation succeeds", "[delayed][signals]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;
    client.get("handle", SIGUSR1);
    make_late(scene.daemon, 1s, 1);

    client.tell("alloc", opened.heap, kPage);
    await_under_way(scene.daemon);
    client.process().signal(SIGUSR1);

    CHECK(client.hear().error() == 0);
    CHECK(client.get("handled") == 1);
    CHECK(scene.daemon.live().buffers == 1);
}

TEST_CASE("delayed: the heap may go meanwhile", "[delayed][reload]")
{
    const std::string stays = "[heap." + kOther + "]\n";
    Changing board("[heap." + std::string(kHeap) + "]\n" + stays);
    Client last;
    const auto heap = last.get("open", board.daemon().node(kOther));
    Delayed delayed(board.daemon(), 1s, 3);

    board.change(stays);
    make_late(board.daemon(), 1s, 1, kOther);
    last.get("alloc", heap, kPage); // after all of the other heap's

    for (Opened &each : delayed.clients) {
        const int error = each.client.hear().error();
        const bool ended_with_device = error == ECONNABORTED;
        CHECK((error == 0 || ended_with_device));
    }
    delayed.clients.clear();
    CHECK(board.daemon().await_live(1, kOther));
    CHECK(board.daemon().stop() == exited(0));
}
