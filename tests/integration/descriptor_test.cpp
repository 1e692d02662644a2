// SPDX-License-Identifier: MIT
#include <cerrno>

#include <fcntl.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

TEST_CASE("descriptor: it has the lowest free number", "[descriptor]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;
    for (const int number : { 5, 6, 7, 9 })
        client.get("duplicate", 0, number);

    for (const int expected : { 8, 10, 11 })
        CHECK(client.get("alloc", opened.heap, 4096) == expected);

    client.get("close", 6);
    CHECK(client.get("alloc", opened.heap, 4096) == 6);
    client.get("close", 2);
    CHECK(client.get("alloc", opened.heap, 4096) == 2);
}

TEST_CASE("descriptor: it is closed on exec if and only if that was asked", "[descriptor]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;
    const long long closing = client.get("alloc", opened.heap, 4096, O_RDWR | O_CLOEXEC);
    const long long staying = client.get("alloc", opened.heap, 8192, O_RDWR);
    CHECK(client.ask("describe", closing).value(1) == FD_CLOEXEC);
    CHECK(client.ask("describe", staying).value(1) == 0);

    client.get("replace");

    CHECK(client.error("describe", closing) == EBADF);
    CHECK(client.ask("describe", staying).value(2) == 8192);
    CHECK(scene.daemon.await_live(1));
}

TEST_CASE("descriptor: the buffer ends with its last user", "[descriptor]")
{
    Scene scene;
    Balance balance(scene.daemon);
    {
        Pair clients;
        const long long heap = clients.first.get("open", scene.daemon.node());
        const long long buffer = clients.first.get("alloc", heap, 4096);
        clients.first.get("send", buffer);
        const long long received = clients.second.get("receive");
        const long long mapped = clients.second.get("map", received, 4096);

        clients.first.get("close", buffer);
        CHECK(scene.daemon.live().buffers == 1);
        clients.second.get("close", received);
        CHECK(clients.second.get("compare", mapped, 0) == 0);

        clients.second.get("unmap", mapped);
        CHECK(scene.daemon.await_live(0));
    }
    CHECK(balance.difference() == "");
}

TEST_CASE("descriptor: a new buffer holds nothing of an old one", "[descriptor]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Client &client = opened.client;

    for (int round = 0; round < 20; ++round) {
        const long long buffer = client.get("alloc", opened.heap, 65536);
        const long long mapped = client.get("map", buffer, 65536);
        CHECK(client.get("compare", mapped, 0) == 0);
        client.get("fill", mapped, 0xee);
        client.get("unmap", mapped);
        client.get("close", buffer);
    }
}
