// SPDX-License-Identifier: MIT
#include <csignal>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

TEST_CASE("signals: none is lost, and no allocation, under a fast timer", "[signals]")
{
    Scene scene;
    run_victims(scene.daemon, { "signals" }, { "2000", "150" });
    run_victims(scene.daemon, { "signals-static", "signals-32" },
                { std::to_string(times(2000)), "150" });
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("signals: the mask, the pending ones and what SIGTRAP does are left alone", "[signals]")
{
    Scene scene;
    run_victims(scene.daemon, { "dispositions", "dispositions-32" }, {});
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("signals: all registers are as they were", "[signals]")
{
    Scene scene;
    run_victims(scene.daemon, { "registers", "registers-32" }, { "300" });
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("signals: one at any step of a delivery is handled, and the delivery succeeds",
          "[signals][steps]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;
    client.get("handle", SIGUSR1);
    Balance balance(scene.daemon, { &client });

    int step = 0;
    for (bool held = true; held && step < 300;) {
        held =
            allocate_held(scene.daemon, opened, ++step, [&] { client.process().signal(SIGUSR1); });
        const Answer answer = client.hear();

        INFO("step " << step);
        REQUIRE(answer.error() == 0);
        CHECK(client.get("handled") == step);
        client.get("close", answer.value());
    }
    CHECK(step > 10);
    CHECK(balance.difference() == "");
}

TEST_CASE("signals: one that waits in a client which is not answered yet", "[signals]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;
    client.get("handle", SIGUSR1);

    scene.daemon.pause();
    client.tell("alloc", opened.heap, 4096);
    CHECK(await_in_ioctl(client));
    client.process().signal(SIGUSR1);
    scene.daemon.resume();

    CHECK(client.hear().error() == 0);
    CHECK(client.get("handled") == 1);
}
