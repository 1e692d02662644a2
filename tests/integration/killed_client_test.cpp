// SPDX-License-Identifier: MIT
#include <csignal>
#include <random>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

std::chrono::microseconds a_moment(int most)
{
    static std::minstd_rand random(20);
    return std::chrono::microseconds(std::uniform_int_distribution(0, most)(random)) * slowness();
}

} // namespace

TEST_CASE("killed client: at any step of its delivery it leaves nothing", "[killed-client][steps]")
{
    Scene scene;
    Balance balance(scene.daemon);

    int step = 0;
    for (bool held = true; held && step < 300;) {
        Opened opened(scene.daemon);
        held = allocate_held(scene.daemon, opened, ++step,
                             [&] { opened.client.process().signal(SIGKILL); });

        INFO("step " << step);
        REQUIRE(opened.client.process().wait() == killed(SIGKILL));
    }
    CHECK(step > 10);
    CHECK(balance.difference() == "");
    expect_served(scene.daemon);
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("killed client: before the daemon has read its request", "[killed-client]")
{
    Scene scene;
    Balance balance(scene.daemon);
    Opened opened(scene.daemon);

    scene.daemon.pause();
    opened.client.tell("alloc", opened.heap, 4096);
    CHECK(await_in_ioctl(opened.client));
    opened.client.process().signal(SIGKILL);
    scene.daemon.resume();

    CHECK(opened.client.process().wait() == killed(SIGKILL));
    CHECK(balance.difference() == "");
    expect_served(scene.daemon);
}

TEST_CASE("killed client: at random moments", "[killed-client]")
{
    Scene scene;
    Balance balance(scene.daemon);

    for (int round = 0; round < times(150); ++round) {
        Opened opened(scene.daemon);
        opened.client.tell("cycle-on", opened.heap, 4096);
        let_pass(a_moment(3000));
        opened.client.process().signal(SIGKILL);

        REQUIRE(opened.client.process().wait() == killed(SIGKILL));
    }
    CHECK(balance.difference() == "");
    expect_served(scene.daemon);
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("killed client: with many threads, at random moments", "[killed-client]")
{
    Scene scene;
    Balance balance(scene.daemon);

    for (int round = 0; round < times(30); ++round) {
        Process crowd(
            { .command = { victim("threads"), scene.daemon.node(), "crowd", "1000000", "16" },
              .descriptors = { -1, -1, 2 } });
        CHECK(await([&] { return scene.daemon.live().buffers > 4; }));
        let_pass(a_moment(5000));
        crowd.signal(SIGKILL);

        REQUIRE(crowd.wait() == killed(SIGKILL));
    }
    CHECK(balance.difference() == "");
    expect_served(scene.daemon);
    CHECK(scene.daemon.stop() == exited(0));
}
