// SPDX-License-Identifier: MIT
#include <cerrno>
#include <csignal>

#include "tests/integration/ion_scene.h"
#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"

using namespace dmaheap::test;

namespace {

/// Lets the client ask for the heaps, to be told in memory that hangs. False when there can be none
/// here; else the daemon waits for it.
bool query_hanging(Client &client, const std::string &node)
{
    const Answer touched = client.ask("query-hanging", client.get("open", node));
    if (touched.ok())
        return true;

    skip("memory that hangs", "userfaultfd: errno " + std::to_string(touched.error()));
    return false;
}

} // namespace

TEST_CASE("ion: memory that hangs is EFAULT, and delays nobody else", "[ion][bad-input]")
{
    IonScene scene;
    Client client;
    if (!query_hanging(client, scene.node()))
        return;

    expect_served(scene.daemon);
    CHECK(client.hear().error() == EFAULT);
    CHECK(client.ask("ping").ok());
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("ion: who waits for memory that hangs can be killed", "[ion][bad-input]")
{
    IonScene scene;
    Client client;
    if (!query_hanging(client, scene.node()))
        return;

    client.process().signal(SIGKILL);

    CHECK(client.process().wait(Deadline(std::chrono::seconds(30))) == killed(SIGKILL));
    expect_served(scene.daemon);
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("ion: the daemon ends while it waits for memory that hangs", "[ion][bad-input]")
{
    IonScene scene;
    Client client;
    if (!query_hanging(client, scene.node()))
        return;

    CHECK(scene.daemon.stop() == exited(0));
    CHECK(client.hear().error() > 0);
}
