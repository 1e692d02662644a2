// SPDX-License-Identifier: MIT
#include <csignal>
#include <list>
#include <random>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"
#include "tests/support/proc.h"

using namespace dmaheap::test;

namespace {

// Pages of a buffer file that nobody has touched are not there without the daemon, unless it is
// backed by a memfd.
bool untouched_pages_survive()
{
    return chosen().exporter != "buffer-file-cached";
}

// It has a buffer, or an error and nothing, or is dead: but nothing else.
void expect_clean(Opened &opened, int descriptors, int mappings)
{
    Client &client = opened.client;
    const Answer answer = client.hear();

    if (answer.words.empty()) {
        REQUIRE(client.process().wait() == killed(SIGKILL));
        return;
    }
    CHECK(proc::descriptors(client.pid()) == descriptors + (answer.ok() ? 1 : 0));
    CHECK(proc::mappings(client.pid()) == mappings);
    if (answer.ok() && untouched_pages_survive())
        CHECK(client.error("check", answer.value(), 4096, 0x77) == 0);
    CHECK(client.error("ping") == 0);
}

} // namespace

TEST_CASE("killed daemon: at any step the client has all, nothing, or is killed",
          "[killed-daemon][steps]")
{
    int step = 0;
    for (bool held = true; held && step < 300;) {
        Daemon daemon;
        Opened opened(daemon);
        opened.client.get("ping");
        const int descriptors = proc::descriptors(opened.client.pid());
        const int mappings = proc::mappings(opened.client.pid());

        held = allocate_held(daemon, opened, ++step, [&] { daemon.process().signal(SIGKILL); });

        INFO("step " << step);
        expect_clean(opened, descriptors, mappings);
        REQUIRE(daemon.stop() == killed(SIGKILL));
    }
    CHECK(step > 10);
}

TEST_CASE("killed daemon: at random moments under load", "[killed-daemon]")
{
    std::minstd_rand random(7);

    for (int round = 0; round < times(20); ++round) {
        Daemon daemon;
        std::list<Opened> clients;
        for (int index = 0; index < 8; ++index)
            clients.emplace_back(daemon);
        for (Opened &opened : clients)
            opened.client.tell("cycle-on", opened.heap, 4096);
        let_pass(std::chrono::microseconds(std::uniform_int_distribution(0, 20000)(random)) *
                 slowness());
        daemon.process().signal(SIGKILL);

        for (Opened &opened : clients) {
            const Answer answer = opened.client.hear();
            if (answer.words.empty())
                REQUIRE(opened.client.process().wait() == killed(SIGKILL));
            else
                CHECK(answer.error() > 0);
        }
    }
}

TEST_CASE("killed daemon: mapped buffers live on, with SIGKILL as with SIGTERM", "[killed-daemon]")
{
    for (const int signal : { SIGKILL, SIGTERM }) {
        Daemon daemon;
        Pair clients;
        Client &client = clients.first;
        const long long heap = client.get("open", daemon.node());
        const long long buffer = client.get("alloc", heap, 65536);
        const long long mapped = client.get("map", buffer, 65536);
        client.get("fill", mapped, 0x11);

        CHECK(daemon.stop(signal) == (signal == SIGTERM ? exited(0) : killed(SIGKILL)));

        INFO("signal " << signal);
        CHECK(client.ask("compare", mapped, 0x11).value() == 0);
        CHECK(client.error("fill", mapped, 0x22) == 0);
        CHECK(client.ask("compare", mapped, 0x22).value() == 0);
        CHECK(client.error("send", buffer) == 0);
        CHECK(client.error("alloc", heap, 4096) > 0);
    }
}

TEST_CASE("killed daemon: the next one serves at once, and old descriptors say so",
          "[killed-daemon]")
{
    const TempDir root;
    std::optional<Daemon> first(std::in_place, DaemonOptions{ .root = root.path() });
    Opened old(*first);
    first->stop(SIGKILL);

    Daemon second({ .root = root.path() });

    CHECK(old.client.error("alloc", old.heap, 4096) > 0);
    const long long heap = old.client.get("open", second.node());
    CHECK(old.client.error("alloc", heap, 4096) == 0);
    CHECK(second.stop() == exited(0));
    CHECK(mounts_under(root.path()) == 0);
}
