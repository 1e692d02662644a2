// SPDX-License-Identifier: MIT
#include <cerrno>

#include <sched.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

TEST_CASE("namespaces: a client in others than the daemon's", "[namespaces]")
{
    Scene scene;
    Balance balance(scene.daemon);

    for (const int flags : { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWIPC | CLONE_NEWUTS,
                             CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC }) {
        INFO("flags " << flags);
        Client client;
        REQUIRE(client.error("unshare", flags) == 0);
        const long long heap = client.get("open", scene.daemon.node());
        const long long buffer = client.get("alloc", heap, 4096);

        CHECK(client.error("check", buffer, 4096, 0x42) == 0);
        CHECK(client.get("cycle", heap, 4096, 10) == 10);
    }
    CHECK(balance.difference() == "");
}

TEST_CASE("namespaces: a node that was opened before", "[namespaces]")
{
    Scene scene;
    Opened opened(scene.daemon);
    REQUIRE(opened.client.error("unshare", CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0);

    CHECK(opened.client.get("cycle", opened.heap, 4096, 10) == 10);
}

TEST_CASE("namespaces: a client that counts processes anew", "[namespaces]")
{
    Scene scene;
    Balance balance(scene.daemon);
    {
        Opened opened(scene.daemon, "client", CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC);
        const long long buffer = opened.client.get("alloc", opened.heap, 4096);

        CHECK(opened.client.error("check", buffer, 4096, 0x42) == 0);
        CHECK(opened.client.get("cycle", opened.heap, 4096, 10) == 10);
    }
    CHECK(balance.difference() == "");
}

TEST_CASE("namespaces: a client that the daemon cannot see is refused", "[namespaces]")
{
    Daemon daemon({ .namespaces = CLONE_NEWPID });
    Opened opened(daemon);
    opened.client.error("alloc", opened.heap, 4096);
    Balance balance(daemon, { &opened.client });
    const std::size_t logged = daemon.log().count();

    CHECK(opened.client.ask("alloc", opened.heap, 4096).words ==
          std::vector<std::string>{ "error", std::to_string(EACCES), "0" });

    CHECK(daemon.log().await_line("namespace"));
    CHECK(daemon.log().matching("namespace", logged).size() <= 1);
    CHECK(balance.difference() == "");
    CHECK(daemon.stop() == exited(0));
}
