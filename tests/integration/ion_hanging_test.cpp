// SPDX-License-Identifier: MIT
#include <cerrno>
#include <csignal>

#include "tests/integration/ion_legacy_scene.h"
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

/// The same for a command whose struct can be read and not written.
bool ask_hanging(LegacyScene &legacy, const char *command, const std::string &bytes)
{
    const Answer touched = legacy.client.ask("ioctl-hanging", legacy.ion, command, bytes);
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

TEST_CASE("ion: no handle is left of an ALLOC into memory that hangs", "[ion][bad-input]")
{
    LegacyScene legacy;
    if (!ask_hanging(legacy, kAlloc, allocation()))
        return;

    expect_served(legacy.scene.daemon);
    CHECK(legacy.client.hear().error() == EFAULT);
    CHECK(legacy.scene.daemon.await_live(0, kIonSystem));
    CHECK(legacy.allocate() == 1);
    CHECK(legacy.scene.daemon.stop() == exited(0));
}

TEST_CASE("ion: who shares into memory that hangs waits alone", "[ion][bad-input]")
{
    const char *const command = GENERATE(kShare, kMap, kImport);
    LegacyScene legacy;
    const int handle = legacy.allocate();
    const int fd = legacy.share(handle);
    INFO(command);
    // As with the kernel's ION, it is the kernel that writes to the client, and waits in its ioctl.
    if (!ask_hanging(legacy, command, LegacyScene::pair(handle, fd)))
        return;

    expect_served(legacy.scene.daemon);
    legacy.client.process().signal(SIGKILL);
    CHECK(legacy.client.process().wait(Deadline(std::chrono::seconds(30))) == killed(SIGKILL));
    CHECK(legacy.scene.daemon.await_live(0, kIonSystem));
    CHECK(legacy.scene.daemon.stop() == exited(0));
}
