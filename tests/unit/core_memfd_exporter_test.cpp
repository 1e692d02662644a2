// SPDX-License-Identifier: MIT
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include "core/memfd_exporter.h"
#include "core/sys.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

struct Fixture {
    Fixture() : exporter(*MemfdExporter::open([this] { ++went_live; }))
    {
        ledger.set_limit("heap", machine_memory());
    }

    Buffer charged(Memory memory)
    {
        const Bytes size = memory.size();
        return { *ledger.charge("heap", size, Owner{ .process = 1, .user = 0 }),
                 std::move(memory) };
    }
    UniqueFd exported(Bytes size, unsigned flags = O_RDWR)
    {
        auto made = exporter->export_buffer(charged(Memory::any_pages(size)), flags);
        REQUIRE(made);
        return *std::move(made);
    }
    std::unique_ptr<SharedBuffer> shared(Bytes size)
    {
        auto made = exporter->share(charged(Memory::any_pages(size)));
        REQUIRE(made);
        return *std::move(made);
    }
    [[nodiscard]] bool holds(int fd) const
    {
        struct stat status{};
        ::fstat(fd, &status);
        return exporter->holds({ .device = status.st_dev, .inode = status.st_ino });
    }
    [[nodiscard]] std::uint64_t live() const { return ledger.accounts().at("heap").use.buffers; }

    Ledger ledger;
    int went_live = 0;
    std::unique_ptr<MemfdExporter> exporter;
};

} // namespace

TEST_CASE("memfd: a buffer is charged until its last descriptor is closed", "[core]")
{
    Fixture fixture;
    UniqueFd first = fixture.exported(8192);
    UniqueFd second(::dup(first.get()));

    first.reset();
    CHECK(fixture.exporter->reap());
    CHECK(fixture.live() == 1);

    second.reset();
    CHECK_FALSE(fixture.exporter->reap());
    CHECK(fixture.live() == 0);
}

TEST_CASE("memfd: a mapping keeps its buffer charged", "[core]")
{
    Fixture fixture;
    UniqueFd buffer = fixture.exported(4096);
    void *const memory = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, buffer.get(), 0);
    REQUIRE(memory != MAP_FAILED);

    buffer.reset();
    CHECK(fixture.exporter->reap());
    ::munmap(memory, 4096);
    CHECK_FALSE(fixture.exporter->reap());
    CHECK(fixture.live() == 0);
}

TEST_CASE("memfd: the access mode is the one asked for", "[core]")
{
    Fixture fixture;
    for (const unsigned mode : { O_RDONLY, O_WRONLY, O_RDWR }) {
        const UniqueFd buffer = fixture.exported(4096, mode | O_CLOEXEC);

        CHECK((::fcntl(buffer.get(), F_GETFL) & O_ACCMODE) == static_cast<int>(mode));
        CHECK(::fcntl(buffer.get(), F_GETFD) == FD_CLOEXEC);
    }
    CHECK_FALSE(fixture.exporter->reap());
}

TEST_CASE("memfd: the size cannot be changed", "[core]")
{
    Fixture fixture;
    const UniqueFd buffer = fixture.exported(8192);

    CHECK(::ftruncate(buffer.get(), 4096) == -1);
    CHECK(::ftruncate(buffer.get(), 16384) == -1);
    CHECK(::lseek(buffer.get(), 0, SEEK_END) == 8192);
}

TEST_CASE("memfd: knows its own buffers, as long as they live", "[core]")
{
    Fixture fixture;
    UniqueFd buffer = fixture.exported(4096);
    UniqueFd stranger = *sys::memfd("stranger", 4096);

    CHECK(fixture.holds(buffer.get()));
    CHECK_FALSE(fixture.holds(stranger.get()));
}

TEST_CASE("memfd: a part of something larger is not given away", "[core]")
{
    Fixture fixture;
    UniqueFd region = *sys::memfd("region", 16384);
    REQUIRE(::pwrite(region.get(), "secret", 6, 4096) == 6);
    auto made = fixture.exporter->export_buffer(
        fixture.charged(Memory(Extent{ .file = std::move(region), .offset = 4096, .size = 8192 })),
        O_RDWR);
    REQUIRE(made);

    CHECK(::lseek(made->get(), 0, SEEK_END) == 8192);
    char byte = 'x';
    CHECK(::pread(made->get(), &byte, 1, 0) == 1);
    CHECK(byte == 0);
    made->reset();
    CHECK_FALSE(fixture.exporter->reap());
    CHECK(fixture.live() == 0);
}

TEST_CASE("memfd: memory that comes back is handed out again", "[core]")
{
    Fixture fixture;
    const UniqueFd file = *sys::memfd("region", 8192);
    for (int round = 0; round < 3; ++round) {
        auto made = fixture.exporter->export_buffer(
            fixture.charged(
                Memory(Extent{ .file = *sys::duplicate(file.get()), .offset = 0, .size = 8192 })),
            O_RDWR);
        REQUIRE(made);
        CHECK(fixture.holds(made->get()));
        made->reset();
        CHECK_FALSE(fixture.exporter->reap());
        CHECK(fixture.live() == 0);
    }
}

TEST_CASE("memfd: all descriptors of a shared buffer show the same", "[core]")
{
    Fixture fixture;
    const auto hold = fixture.shared(4096);
    const UniqueFd first = *hold->export_again();
    const UniqueFd second = *hold->export_again();

    CHECK(::pwrite(first.get(), "x", 1, 7) == 1);
    char byte = 0;
    CHECK(::pread(second.get(), &byte, 1, 7) == 1);
    CHECK(byte == 'x');
    CHECK((::fcntl(first.get(), F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(fixture.holds(second.get()));
    CHECK(fixture.went_live == 1);
}

TEST_CASE("memfd: a shared buffer lasts as long as its last hold and its last descriptor", "[core]")
{
    Fixture fixture;
    auto hold = fixture.shared(4096);
    UniqueFd descriptor = *hold->export_again();

    SECTION("the hold goes first")
    {
        hold.reset();
        CHECK(fixture.exporter->reap());
        CHECK(fixture.live() == 1);
        descriptor.reset();
    }
    SECTION("the descriptor goes first")
    {
        descriptor.reset();
        CHECK(fixture.exporter->reap());
        CHECK(fixture.live() == 1);
        descriptor = *hold->export_again();
        descriptor.reset();
        hold.reset();
    }
    CHECK_FALSE(fixture.exporter->reap());
    CHECK(fixture.live() == 0);
}

TEST_CASE("memfd: many descriptors of a shared buffer that go at once", "[core]")
{
    Fixture fixture;
    auto hold = fixture.shared(4096);
    std::vector<UniqueFd> descriptors;
    for (int count = 0; count < 5; ++count)
        descriptors.push_back(*hold->export_again());
    hold.reset();
    fixture.exporter->reap();
    CHECK(fixture.live() == 1);

    descriptors.erase(descriptors.begin() + 1, descriptors.end());
    CHECK(fixture.exporter->reap());
    CHECK(fixture.live() == 1);
    descriptors.clear();
    CHECK_FALSE(fixture.exporter->reap());
    CHECK(fixture.live() == 0);
}

TEST_CASE("memfd: a shared buffer is known again by its descriptor", "[core]")
{
    Fixture fixture;
    auto hold = fixture.shared(4096);
    const UniqueFd descriptor = *hold->export_again();
    const UniqueFd lone = fixture.exported(4096);

    auto again = fixture.exporter->find_shared(*identity_of(descriptor.get()));
    REQUIRE(again);
    CHECK((*again)->id() == hold->id());
    hold.reset();
    CHECK((*again)->export_again());

    CHECK(fixture.exporter->find_shared(*identity_of(lone.get())).error().code == EINVAL);
    again->reset();
    CHECK(fixture.live() == 2);
}

TEST_CASE("memfd: says when there is a live buffer after there was none", "[core]")
{
    Fixture fixture;
    UniqueFd first = fixture.exported(4096);
    UniqueFd second = fixture.exported(4096);
    CHECK(fixture.went_live == 1);

    first.reset();
    second.reset();
    fixture.exporter->reap();
    const UniqueFd third = fixture.exported(4096);
    CHECK(fixture.went_live == 2);
}
