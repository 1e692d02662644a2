// SPDX-License-Identifier: MIT
#include <algorithm>
#include <csignal>
#include <list>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"
#include "tests/support/freezer.h"
#include "tests/support/proc.h"

using namespace dmaheap::test;

namespace {

std::vector<Freezer::Version> freezers()
{
    const auto found = Freezer::available();
    if (found.empty())
        skip("frozen clients", "no control group can be made here");
    return found;
}

std::string name_of(Freezer::Version version)
{
    return version == Freezer::Version::one ? "cgroup v1" : "cgroup v2";
}

// In nanoseconds; 0 when not every allocation succeeded.
long long median_latency(Opened &opened)
{
    const Answer answer = opened.client.ask("cycle", opened.heap, 4096, 300);
    return answer.value(0) == 300 ? answer.value(2) : 0;
}

/// How long the median allocation takes while sixteen others are frozen in theirs, against alone.
double times_as_long_beside_frozen(Freezer::Version version)
{
    Scene scene;
    Balance balance(scene.daemon);
    double times = 0;
    {
        Opened other(scene.daemon);
        const std::size_t threads = proc::threads(scene.daemon.pid()).size();
        const auto alone = static_cast<double>(median_latency(other));
        REQUIRE(alone > 0);

        std::list<Opened> frozen;
        Freezer freezer(version);
        for (int index = 0; index < 16; ++index)
            freezer.add(frozen.emplace_back(scene.daemon).client.pid());
        for (Opened &each : frozen)
            each.client.tell("cycle", each.heap, 4096, 200);
        freezer.freeze();
        CHECK(freezer.await_frozen());

        times = static_cast<double>(median_latency(other)) / alone;
        CHECK(times > 0);
        CHECK(proc::threads(scene.daemon.pid()).size() == threads);

        freezer.thaw();
        for (Opened &each : frozen)
            CHECK(each.client.hear().value() == 200);
    }
    CHECK(balance.difference() == "");
    CHECK(scene.daemon.stop() == exited(0));
    return times;
}

} // namespace

TEST_CASE("frozen client: at any step it delays nobody, and goes on when thawed",
          "[frozen-client][steps]")
{
    for (const Freezer::Version version : freezers()) {
        INFO(name_of(version));
        Scene scene;
        Opened opened(scene.daemon);
        Client &client = opened.client;
        Balance balance(scene.daemon, { &client });
        Freezer freezer(version);
        freezer.add(client.pid());

        int step = 0;
        for (bool held = true; held && step < 300;) {
            held = allocate_held(scene.daemon, opened, ++step, [&] { freezer.freeze(); });
            INFO("step " << step);
            CHECK(freezer.await_frozen());
            expect_served(scene.daemon);

            freezer.thaw();
            const Answer answer = client.hear();
            REQUIRE(answer.error() == 0);
            client.get("close", answer.value());
        }
        CHECK(step > 10);
        CHECK(balance.difference() == "");
    }
}

TEST_CASE("frozen client: sixteen of them delay no other", "[frozen-client][timed]")
{
    constexpr double kMuch = 3;
    constexpr int kRounds = 5; // this machine may get other work at any moment
    for (const Freezer::Version version : freezers()) {
        INFO(name_of(version));
        double least = times_as_long_beside_frozen(version);
        for (int round = 1; round < kRounds && least >= kMuch; ++round)
            least = std::min(least, times_as_long_beside_frozen(version));
        INFO("an allocation beside frozen clients takes " << least << " times as long as alone");
        CHECK(least < kMuch);
    }
}

TEST_CASE("frozen client: the daemon can end meanwhile", "[frozen-client]")
{
    for (const Freezer::Version version : freezers()) {
        INFO(name_of(version));
        Scene scene;
        std::list<Opened> frozen;
        Freezer freezer(version);
        for (int index = 0; index < 8; ++index)
            freezer.add(frozen.emplace_back(scene.daemon).client.pid());
        for (Opened &each : frozen)
            each.client.tell("cycle-on", each.heap, 4096);
        freezer.freeze();
        CHECK(freezer.await_frozen());

        CHECK(scene.daemon.stop() == exited(0));

        freezer.thaw();
        for (Opened &each : frozen) {
            const Answer answer = each.client.hear();
            if (answer.words.empty())
                CHECK(each.client.process().wait() == killed(SIGKILL));
            else
                CHECK(answer.error() > 0);
        }
    }
}
