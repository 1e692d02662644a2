// SPDX-License-Identifier: MIT
#include <array>
#include <cstddef>
#include <cstring>

#include "cuse/uapi/dma_buf.h"
#include "cuse/uapi/dma_heap.h"
#include "tests/support/catch.h"

using namespace dmaheap::uapi;

namespace {

struct Pair {
    std::uint32_t first;
    std::uint64_t second;
};

} // namespace

TEST_CASE("command: only the number part counts, whatever the letter, size and direction", "[uapi]")
{
    CHECK(number_of(0xc0184800) == 0);
    CHECK(number_of(0x40086203) == 3);
    CHECK(number_of(0x5401) == 1);
    CHECK(number_of(0xffffffff) == 255);
}

TEST_CASE("command: bytes go back only if the command reads", "[uapi]")
{
    CHECK(bytes_out(_IOWR('H', 0, Pair)) == sizeof(Pair));
    CHECK(bytes_out(_IOR('H', 0, Pair)) == sizeof(Pair));
    CHECK(bytes_out(_IOW('H', 0, Pair)) == 0);
    CHECK(bytes_out(_IO('H', 0)) == 0);
    CHECK(bytes_out(_IOC(_IOC_READ, 'H', 0, 16383)) == 16383);
}

TEST_CASE("command: a struct is decoded as far as there are bytes, the rest is zero", "[uapi]")
{
    const Pair pair{ .first = 0x01020304, .second = 0x05060708090a0b0c };
    std::array<std::byte, sizeof pair + 8> bytes{};
    bytes.fill(std::byte{ 0xff });
    std::memcpy(bytes.data(), &pair, sizeof pair);
    const std::span all(bytes);

    CHECK(decode<Pair>(all).second == pair.second); // what is behind it is ignored
    CHECK(decode<Pair>(all.first(sizeof pair)).second == pair.second);
    CHECK(decode<Pair>(all.first(12)).second == 0x090a0b0c);
    CHECK(decode<Pair>(all.first(12)).first == pair.first);
    CHECK(decode<Pair>(all.first(2)).first == 0x0304);
    CHECK(decode<Pair>({}).first == 0);
    CHECK(decode<Pair>({}).second == 0);
}

TEST_CASE("dma_buf: SYNC wants a direction, and knows one more flag", "[uapi]")
{
    for (const unsigned flags : { 1U, 2U, 3U, 5U, 6U, 7U })
        CHECK(valid_sync(flags));
    for (const unsigned flags : { 0U, 4U, 8U, 9U, 15U, 0x80000001U })
        CHECK_FALSE(valid_sync(flags));
    for (unsigned bit = 3; bit < 64; ++bit)
        CHECK_FALSE(valid_sync(1 | (1ULL << bit)));
}

TEST_CASE("dma_buf: sync files want a direction, and know nothing else", "[uapi]")
{
    for (const unsigned flags : { 1U, 2U, 3U })
        CHECK(valid_sync_file(flags));
    for (const unsigned flags : { 0U, 4U, 5U, 8U, 0x80000001U })
        CHECK_FALSE(valid_sync_file(flags));
}

TEST_CASE("uapi: the numbers are the kernel's", "[uapi]")
{
    CHECK(kDmaHeapAlloc == 0);
    CHECK(kDmaHeapFdFlags == (O_CLOEXEC | 3));
    CHECK(kDmaBufSync == 0x40086200);
    CHECK(kDmaBufSetNameA == 0x40046201);
    CHECK(kDmaBufSetNameB == 0x40086201);
    CHECK(kDmaBufExportSyncFile == 0xc0086202);
    CHECK(kDmaBufImportSyncFile == 0x40086203);
    CHECK(kDmaBufNameLength == 32);
}
