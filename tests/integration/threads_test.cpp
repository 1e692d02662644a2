// SPDX-License-Identifier: MIT
#include <list>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/proc.h"

using namespace dmaheap::test;

TEST_CASE("threads: 64 at once each get their own buffers", "[threads]")
{
    Scene scene;
    run_victims(scene.daemon, { "threads", "threads-static", "threads-32" },
                { "crowd", std::to_string(times(20)), "64" });
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("threads: one that is not the leader, with the leader waiting or gone", "[threads]")
{
    Scene scene;
    run_victims(scene.daemon, { "threads", "threads-32" }, { "others", "100" });
    run_victims(scene.daemon, { "threads", "threads-32" }, { "orphaned", "100" });
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("threads: one with a descriptor table of its own gets the buffer there", "[threads]")
{
    Scene scene;
    run_victims(scene.daemon, { "threads", "threads-32" }, { "unshared", "50" });
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("threads: children that borrow their parent's memory", "[threads]")
{
    Scene scene;
    run_victims(scene.daemon, { "threads", "threads-static", "threads-32" }, { "vfork", "30" });
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("threads: a program that is replaced while its threads allocate", "[threads]")
{
    Scene scene;
    run_victims(scene.daemon, { "threads", "threads-32" }, { "replaced", "60" });
    expect_served(scene.daemon);
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("threads: those of the daemon are as many with many heaps and clients", "[threads]")
{
    std::size_t expected = 0;
    {
        Scene scene;
        expected = proc::threads(scene.daemon.pid()).size();
    }

    std::vector<std::string> names;
    for (int index = 0; index < 16; ++index)
        names.push_back("heap" + std::to_string(index));
    Daemon daemon({ .heaps = names });
    CHECK(proc::threads(daemon.pid()).size() == expected);

    std::list<Client> clients(64);
    std::size_t turn = 0;
    for (Client &client : clients) {
        const long long heap = client.get("open", daemon.node(names[turn++ % names.size()]));
        client.tell("cycle", heap, 4096, 20);
    }
    CHECK(proc::threads(daemon.pid()).size() == expected);
    for (Client &client : clients)
        CHECK(client.hear().value() == 20);
    CHECK(proc::threads(daemon.pid()).size() == expected);
    CHECK(daemon.stop() == exited(0));
}
