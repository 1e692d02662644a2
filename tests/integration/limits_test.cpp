// SPDX-License-Identifier: MIT
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

TEST_CASE("limits: a client without a free descriptor gets EMFILE", "[limits]")
{
    Scene scene;
    for (const std::string &name : victims({ "client", "client-32" })) {
        INFO(name);
        Opened opened(scene.daemon, name);
        CHECK(opened.client.get("leave-free", 0) == 40);
        Balance balance(scene.daemon, { &opened.client });

        CHECK(opened.client.ask("alloc", opened.heap, 4096).words ==
              std::vector<std::string>{ "error", std::to_string(EMFILE), "0" });

        CHECK(balance.difference() == "");
        opened.client.get("lift-limit");
        CHECK(opened.client.get("alloc", opened.heap, 4096) == 40);
    }
}

TEST_CASE("limits: a client with few free descriptors can use them all", "[limits]")
{
    Scene scene;
    for (const std::string &name : victims({ "client", "client-32" }))
        for (const int free : { 1, 2, 3 }) {
            INFO(name << " with " << free);
            Opened opened(scene.daemon, name);
            CHECK(opened.client.get("leave-free", free) == 40 - free);
            Balance balance(scene.daemon, { &opened.client });

            for (int used = free; used > 0; --used)
                CHECK(opened.client.ask("alloc", opened.heap, 4096).value() == 40 - used);
            CHECK(opened.client.error("alloc", opened.heap, 4096) == EMFILE);

            for (int used = free; used > 0; --used)
                opened.client.get("close", 40 - used);
            CHECK(balance.difference() == "");
        }
}

TEST_CASE("limits: a client without address space has an error or a buffer", "[limits]")
{
    Scene scene;
    for (const std::string &name : victims({ "client", "client-static", "client-32" })) {
        INFO(name);
        Opened opened(scene.daemon, name);
        opened.client.get("cycle", opened.heap, 4096, 1);
        Balance balance(scene.daemon, { &opened.client });
        opened.client.get("starve");

        const Answer answer = opened.client.ask("alloc", opened.heap, 4096);

        CHECK((answer.ok() || answer.error() == ENOMEM));
        if (answer.ok())
            opened.client.get("close", answer.value());
        CHECK(balance.difference() == "");
        opened.client.get("feed");
        CHECK(opened.client.error("alloc", opened.heap, 4096) == 0);
    }
}

TEST_CASE("limits: a filter that denies passing descriptors does not keep buffers out", "[limits]")
{
    Scene scene;
    for (const std::string &name : victims({ "client", "client-32" }))
        for (const std::string how : { "errno", "kill" }) {
            INFO(name << ", " << how);
            Opened opened(scene.daemon, name);
            CHECK(opened.client.error("filter", how) == 0);
            Balance balance(scene.daemon, { &opened.client });

            CHECK(opened.client.error("alloc", opened.heap, 4096) == 0);
            CHECK(opened.client.get("cycle", opened.heap, 4096, 10) == 10);

            opened.client.get("close", opened.heap + 1);
            CHECK(balance.difference() == "");
        }
}

TEST_CASE("limits: the filter of the client is in force again after a delivery", "[limits]")
{
    Scene scene;
    Opened opened(scene.daemon);
    const long long buffer = opened.client.get("alloc", opened.heap, 4096);
    opened.client.get("filter", "errno");
    opened.client.get("alloc", opened.heap, 4096);

    CHECK(opened.client.error("map", buffer, 4096) == EPERM);
}

TEST_CASE("limits: a heap gives no more than its limit, and that again", "[limits]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,limit=1MiB" } });
    Opened opened(scene.daemon);
    Client &client = opened.client;
    Balance balance(scene.daemon, { &client });
    constexpr int kLimit = 1 << 20;
    CHECK(scene.daemon.live().limit == kLimit);

    CHECK(client.ask("alloc", opened.heap, kLimit + 1).words ==
          std::vector<std::string>{ "error", std::to_string(ENOMEM), "0" });
    const long long whole = client.get("alloc", opened.heap, kLimit);
    CHECK(client.error("alloc", opened.heap, 1) == ENOMEM);

    client.get("close", whole);
    CHECK(await([&] { return client.error("alloc", opened.heap, kLimit) == 0; }));
    client.get("close", whole);
    CHECK(balance.difference() == "");
}

TEST_CASE("limits: what is mapped is charged, though its descriptor is closed", "[limits]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,limit=1MiB" } });
    Opened opened(scene.daemon);
    Client &client = opened.client;
    const long long whole = client.get("alloc", opened.heap, 1 << 20);
    const long long mapped = client.get("map", whole, 1 << 20);

    client.get("close", whole);

    CHECK(scene.daemon.live().buffers == 1);
    CHECK(client.error("alloc", opened.heap, 4096) == ENOMEM);
    client.get("unmap", mapped);
    CHECK(scene.daemon.await_live(0));
}

TEST_CASE("limits: one process gets no more than its share, and the log says why", "[limits]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,limit-per-process=1MiB" } });
    Opened first(scene.daemon);
    Opened second(scene.daemon);
    Balance balance(scene.daemon, { &first.client, &second.client });
    const long long whole = first.client.get("alloc", first.heap, 1 << 20);

    CHECK(first.client.error("alloc", first.heap, 1) == ENOMEM);

    CHECK(scene.daemon.log().await_line("limit-per-process of the heap"));
    const long long other = second.client.get("alloc", second.heap, 1 << 20);
    first.client.get("close", whole);
    second.client.get("close", other);
    CHECK(balance.difference() == "");
}

TEST_CASE("limits: one user gets no more than its share, over all processes", "[limits]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,mode=0666,limit-per-uid=1MiB" } });
    Opened first(scene.daemon);
    Opened second(scene.daemon);
    Opened stranger(scene.daemon);
    first.client.get("become", 1234, 1234);
    second.client.get("become", 1234, 1234);
    first.client.get("alloc", first.heap, 1 << 20);

    CHECK(second.client.error("alloc", second.heap, 1) == ENOMEM);

    CHECK(scene.daemon.log().await_line("limit-per-uid of the heap"));
    CHECK(stranger.client.error("alloc", stranger.heap, 1 << 20) == 0);
}

TEST_CASE("limits: a buffer may be as large as max-buffer, and no larger", "[limits]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,max-buffer=64KiB" } });
    Opened opened(scene.daemon);

    CHECK(opened.client.error("alloc", opened.heap, (64 << 10) + 1) == ENOMEM);

    CHECK(scene.daemon.log().await_line("max-buffer of the heap"));
    CHECK(opened.client.error("alloc", opened.heap, 64 << 10) == 0);
    CHECK(opened.client.error("alloc", opened.heap, 64 << 10) == 0);
}

TEST_CASE("limits: what is refused again and again fills no log", "[limits]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,max-buffer=4KiB" } });
    Opened opened(scene.daemon);

    for (int time = 0; time < 100; ++time)
        CHECK(opened.client.error("alloc", opened.heap, 8192) == ENOMEM);

    CHECK(scene.daemon.log().matching("max-buffer of the heap").size() < 100);
}

TEST_CASE("limits: who lets go and asks again at once is not refused, however many do", "[limits]")
{
    constexpr int kClients = 4;
    constexpr int kSize = 4096;
    const auto heap =
        GENERATE(as<std::string>{}, "=system,limit=16KiB", "=reserved,buffers=4,buffer-size=4KiB");
    INFO(heap);
    Scene scene({ .heaps = { kHeap + heap } });
    std::vector<std::unique_ptr<Opened>> all;
    while (all.size() < kClients)
        all.push_back(std::make_unique<Opened>(scene.daemon));

    const int often = times(2000);
    for (const auto &each : all)
        each->client.tell("cycle", each->heap, kSize, often);

    for (const auto &each : all)
        CHECK(each->client.hear().value() == often);
}
