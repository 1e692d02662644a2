// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>

#include <fcntl.h>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

std::string hex_of(const dma_heap_allocation_data &data)
{
    const char *digits = "0123456789abcdef";
    unsigned char bytes[sizeof(data)];
    std::string text;

    std::memcpy(bytes, &data, sizeof(data));
    for (const unsigned char byte : bytes)
        text += { digits[byte >> 4], digits[byte & 15] };
    return text;
}

struct BadRequest {
    const char *what;
    dma_heap_allocation_data data;
    int error;
};

constexpr std::uint32_t kFlags = O_RDWR | O_CLOEXEC;
const BadRequest kBadRequests[] = {
    { "length 0", { 0, 0, kFlags, 0 }, EINVAL },
    { "length -1", { ~0ULL, 0, kFlags, 0 }, EINVAL },
    { "a huge length", { 1ULL << 62, 0, kFlags, 0 }, ENOMEM },
    { "a descriptor given", { 4096, 3, kFlags, 0 }, EINVAL },
    { "flags of open", { 4096, 0, kFlags | O_NONBLOCK, 0 }, EINVAL },
    { "any flag of descriptors", { 4096, 0, 0x80000000, 0 }, EINVAL },
    { "a flag of heaps", { 4096, 0, kFlags, 1 }, EINVAL },
    { "any flag of heaps", { 4096, 0, kFlags, 1ULL << 63 }, EINVAL },
};

constexpr const char *kAllocate = "0xc0184800";

} // namespace

TEST_CASE("bad input: each request has its errno, leaves nothing and at most one line",
          "[bad-input]")
{
    Scene scene;
    for (const std::string &name : victims({ "client", "client-32" })) {
        Opened opened(scene.daemon, name);
        Balance balance(scene.daemon, { &opened.client });
        const std::size_t logged = scene.daemon.log().count();

        for (const BadRequest &bad : kBadRequests) {
            INFO(name << ": " << bad.what);
            const std::string hex = hex_of(bad.data);

            CHECK(opened.client.ask("ioctl", opened.heap, kAllocate, hex).words ==
                  std::vector<std::string>{ "error", std::to_string(bad.error), hex });
        }
        // The lines come in their own time.
        CHECK(scene.daemon.log().count() - logged <= std::size(kBadRequests));
        CHECK(balance.difference() == "");
    }
}

TEST_CASE("bad input: memory that is not there, or not to be written", "[bad-input]")
{
    Scene scene;
    for (const std::string &name : victims({ "client", "client-32" })) {
        Opened opened(scene.daemon, name);
        Balance balance(scene.daemon, { &opened.client });

        for (const std::string place : { "null", "unmapped", "straddling", "read-only" })
            for (int round = 0; round < 5; ++round) {
                INFO(name << ": " << place);
                CHECK(opened.client.error("alloc-at", opened.heap, place) == EFAULT);
            }
        CHECK(balance.difference() == "");

        CHECK(opened.client.error("alloc-at", opened.heap, "writable") == 0);
        CHECK(opened.client.get("close", opened.heap + 1) == 0);
        CHECK(balance.difference() == "");
    }
}

TEST_CASE("bad input: commands that are none", "[bad-input]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Balance balance(scene.daemon, { &opened.client });
    const std::string empty(48, '0');

    for (const char *command : { "0x5401", "0xc0184801", "0xc01848ff", "0x4801", "0x4800" }) {
        INFO(command);
        CHECK(opened.client.error("ioctl", opened.heap, command, empty) == EINVAL);
    }
    CHECK(balance.difference() == "");
}

TEST_CASE("bad input: ten thousand refusals are not ten thousand lines", "[bad-input]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,limit=1MiB" } });
    Opened opened(scene.daemon);
    Balance balance(scene.daemon, { &opened.client });

    for (const BadRequest &bad : kBadRequests) {
        INFO(bad.what);
        const std::size_t logged = scene.daemon.log().count();
        CHECK(opened.client.get("repeat", 10000, opened.heap, kAllocate, hex_of(bad.data)) == 0);
        CHECK(scene.daemon.log().count() - logged < 100);
    }
    CHECK(balance.difference() == "");
    expect_served(scene.daemon);
}

TEST_CASE("bad input: anything at all", "[bad-input]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,limit=16MiB" } });

    for (const char *seed : { "1", "2", "3" })
        run_victims(scene.daemon, { "fuzz" }, { seed, std::to_string(times(20000)) });
    expect_served(scene.daemon);
    CHECK(scene.daemon.stop() == exited(0));
}
