// SPDX-License-Identifier: MIT
#include <csignal>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

TEST_CASE("stopped client: at any step it stops, is seen to, and goes on with its buffer",
          "[stopped-client][steps]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;
    Balance balance(scene.daemon, { &client });

    int step = 0;
    for (bool held = true; held && step < 300;) {
        held =
            allocate_held(scene.daemon, opened, ++step, [&] { client.process().signal(SIGSTOP); });

        INFO("step " << step);
        REQUIRE(client.process().wait_stopped() == stopped(SIGSTOP));
        client.process().signal(SIGCONT);
        const Answer answer = client.hear();
        REQUIRE(answer.error() == 0);
        client.get("close", answer.value());
    }
    CHECK(step > 10);
    CHECK(balance.difference() == "");
}

TEST_CASE("stopped client: before the daemon has read its request", "[stopped-client]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;

    for (int round = 0; round < 3; ++round) {
        scene.daemon.pause();
        client.tell("alloc", opened.heap, 4096);
        CHECK(await_in_ioctl(client));
        client.process().signal(SIGSTOP);
        scene.daemon.resume();

        CHECK(client.process().wait_stopped() == stopped(SIGSTOP));
        expect_served(scene.daemon);
        client.process().signal(SIGCONT);
        CHECK(client.hear().error() == 0);
    }
}

TEST_CASE("stopped client: it stays stopped when the daemon ends", "[stopped-client]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;
    scene.daemon.pause();
    client.tell("alloc", opened.heap, 4096);
    CHECK(await_in_ioctl(client));
    client.process().signal(SIGSTOP);
    scene.daemon.resume();
    CHECK(client.process().wait_stopped() == stopped(SIGSTOP));

    CHECK(scene.daemon.stop() == exited(0));

    client.process().signal(SIGCONT);
    CHECK(client.hear().error() == 0);
}

TEST_CASE("stopped client: stopped and continued again and again", "[stopped-client]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;
    Balance balance(scene.daemon, { &client });

    const int count = times(300);
    client.tell("cycle", opened.heap, 4096, count);
    const Deadline deadline(std::chrono::seconds(60));
    while (!await_readable(client.output(), Deadline(std::chrono::milliseconds(0))) &&
           !deadline.passed()) {
        client.process().signal(SIGSTOP);
        let_pass(std::chrono::microseconds(50));
        client.process().signal(SIGCONT);
        let_pass(std::chrono::microseconds(200));
    }

    const Answer answer = client.hear();
    INFO("last errno " << answer.value(1));
    CHECK(answer.value() == count);
    CHECK(balance.difference() == "");
}
