// SPDX-License-Identifier: MIT
#include <optional>

#include <fcntl.h>
#include <unistd.h>

#include "core/buffer.h"
#include "core/sys.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

Memory memory_of(Bytes size)
{
    return Memory(Extent{ .file = *sys::memfd("memory", size), .offset = 4096, .size = size });
}

int file_of(const Memory &memory)
{
    return memory.extents().front().file.get();
}

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) != -1;
}

} // namespace

TEST_CASE("memory: shows its extents, and their size altogether", "[core]")
{
    const Memory memory = memory_of(8192);

    REQUIRE(memory.extents().size() == 1);
    CHECK(memory.extents().front().offset == 4096);
    CHECK(memory.size() == 8192);
}

TEST_CASE("memory: is given back at its end, and by nobody who gave it on", "[core]")
{
    int file = -1;
    {
        Memory first = memory_of(4096);
        file = file_of(first);
        const Memory second = std::move(first);
        CHECK(is_open(file));
    }

    CHECK_FALSE(is_open(file));
}

TEST_CASE("memory: of any pages has no file before it is placed, and one of zeroes then", "[core]")
{
    Memory memory = Memory::any_pages(8192);
    CHECK(memory.size() == 8192);
    CHECK_FALSE(memory.placed());
    CHECK(memory.extents().empty());

    REQUIRE(memory.place());

    CHECK(memory.placed());
    CHECK(memory.size() == 8192);
    REQUIRE(memory.extents().size() == 1);
    CHECK(memory.extents().front().offset == 0);
    CHECK(memory.extents().front().size == 8192);
    CHECK(::lseek(file_of(memory), 0, SEEK_END) == 8192);
    CHECK(::lseek(file_of(memory), 0, SEEK_DATA) == -1); // nothing has been written
}

TEST_CASE("memory: what has been placed stays where it is", "[core]")
{
    Memory memory = memory_of(4096);
    const int file = file_of(memory);

    CHECK(memory.placed());
    CHECK(memory.place());

    REQUIRE(memory.extents().size() == 1);
    CHECK(file_of(memory) == file);
}

TEST_CASE("memory: a size that no file can have cannot be placed", "[core]")
{
    Memory memory = Memory::any_pages(Bytes{ 1 } << 63);

    const auto placed = memory.place();

    REQUIRE_FALSE(placed);
    CHECK(placed.error().code == EINVAL);
    CHECK_FALSE(memory.placed());
}

TEST_CASE("buffer: its end gives back both its memory and its charge", "[core]")
{
    Ledger ledger;
    ledger.set_limit("heap", 65536);
    int file = -1;
    {
        const Buffer buffer(*ledger.charge("heap", 8192, Owner{ .process = 1, .user = 0 }),
                            memory_of(8192));
        file = file_of(buffer.memory());
        CHECK(buffer.heap() == "heap");
        CHECK(buffer.size() == 8192);
        CHECK(ledger.accounts().at("heap").use.bytes == 8192);
    }

    CHECK_FALSE(is_open(file));
    CHECK(ledger.accounts().at("heap").use.bytes == 0);
    CHECK(ledger.accounts().at("heap").use.buffers == 0);
}

TEST_CASE("buffer: the limit is enlarged only after the memory is gone", "[core]")
{
    // Otherwise two clients that take turns could hold twice the limit for a moment: the one's
    // memory would still be there when the other's is made.
    Ledger ledger;
    ledger.set_limit("heap", 65536);
    std::optional<Buffer> buffer;
    buffer.emplace(*ledger.charge("heap", 8192, Owner{ .process = 1, .user = 0 }), memory_of(8192));

    const auto *const charge_end = reinterpret_cast<const std::byte *>(&buffer->heap());
    const auto *const memory_end = reinterpret_cast<const std::byte *>(&buffer->memory());

    CHECK(charge_end < memory_end); // members are destroyed from the last to the first
}
