// SPDX-License-Identifier: MIT
#include <cerrno>

#include <fcntl.h>

#include <linux/dma-buf.h>

#include "tests/support/balance.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/combination.h"
#include "tests/support/daemon.h"

using namespace dmaheap::test;

namespace {

constexpr int kSize = 5000;
constexpr int kRounded = 8192;

void use_buffer(Client &writer, Client &reader, const std::string &node)
{
    const long long heap = writer.get("open", node);
    const long long buffer = writer.get("alloc", heap, kSize);
    CHECK(buffer == heap + 1);
    CHECK(writer.get("close", heap) == 0);
    CHECK(writer.ask("describe", buffer).value(1) == FD_CLOEXEC);
    CHECK(writer.ask("describe", buffer).value(2) == kRounded);

    const long long written = writer.get("map", buffer, kRounded);
    CHECK(writer.get("compare", written, 0) == 0);
    CHECK(writer.error("sync", buffer, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) == 0);
    writer.get("fill", written, 0x5a);
    CHECK(writer.error("sync", buffer, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW) == 0);

    writer.get("send", buffer);
    const long long received = reader.get("receive");
    CHECK(writer.get("close", buffer) == 0);
    const long long read = reader.get("map", received, kRounded);
    CHECK(reader.get("compare", read, 0x5a) == 0);

    reader.get("fill", read, 0xc3);
    CHECK(writer.get("compare", written, 0xc3) == 0);
    CHECK(reader.get("close", received) == 0);
    CHECK(reader.get("unmap", read) == 0);
    CHECK(writer.get("compare", written, 0xc3) == 0);
    CHECK(writer.get("unmap", written) == 0);
}

} // namespace

TEST_CASE("ordinary: two programs share a buffer", "[ordinary]")
{
    Daemon daemon;
    warm_up(daemon);

    for (const std::string &name :
         victims({ "client", "client-static", "client-32", "client-32-static" })) {
        INFO(name);
        Pair clients(name);
        clients.first.get("ping");
        clients.second.get("ping");
        Balance balance(daemon, { &clients.first, &clients.second });

        use_buffer(clients.first, clients.second, daemon.node());

        CHECK(balance.difference().empty());
    }
    CHECK(daemon.stop() == exited(0));
}

TEST_CASE("ordinary: programs without a C library, with next to no stack", "[ordinary]")
{
    Daemon daemon;
    warm_up(daemon);
    Balance balance(daemon);

    for (const std::string &name : victims({ "raw", "raw-32" })) {
        const Ran ran = run({ victim(name), daemon.node() });

        INFO(name << ": " << ran.output);
        CHECK(ran.outcome == exited(0));
    }
    CHECK(balance.difference().empty());
}

TEST_CASE("ordinary: a 64-bit program that uses the gate of 32-bit ones", "[ordinary]")
{
    if (victims({ "raw-32" }).empty())
        return; // noted as skipped: such a kernel has no gate

    Daemon daemon;
    warm_up(daemon);
    Balance balance(daemon);

    for (const std::string &name : victims({ "raw" })) {
        const Ran ran = run({ victim(name), daemon.node(), "gate" });

        INFO(ran.output);
        CHECK(ran.outcome == exited(0));
    }
    CHECK(balance.difference().empty());
}

TEST_CASE("ordinary: goroutines allocate from small, moving stacks", "[ordinary]")
{
    Daemon daemon;
    warm_up(daemon);
    Balance balance(daemon);

    for (const std::string &name : victims({ "goroutines" })) {
        const Ran ran =
            run({ victim(name), daemon.node(), "32", "50" }, Deadline(std::chrono::seconds(60)));

        INFO(ran.output);
        CHECK(ran.outcome == exited(0));
    }
    CHECK(balance.difference().empty());
}

TEST_CASE("ordinary: a program that may not be looked at", "[ordinary]")
{
    Daemon daemon;
    warm_up(daemon);
    Client client;
    client.get("hide");
    const long long heap = client.get("open", daemon.node());

    CHECK(client.error("alloc", heap, 4096) == 0);
}

TEST_CASE("ordinary: several heaps are served by one daemon", "[ordinary]")
{
    Daemon daemon({ .heaps = { "one", "two", "linux,three" } });
    Client client;

    for (const std::string heap : { "one", "two", "linux,three" })
        client.get("alloc", client.get("open", daemon.node(heap)), 4096);

    for (const std::string heap : { "one", "two", "linux,three" })
        CHECK(daemon.live(heap).buffers == 1);
    CHECK(daemon.live("two").bytes == 4096);
}
