// SPDX-License-Identifier: MIT
#include <array>
#include <set>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "policies/catalogue.h"
#include "policies/system.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace dmaheap::policies;

TEST_CASE("catalogue: is sorted by name, and has each name once", "[policies]")
{
    std::set<std::string_view> names;
    for (const Entry &entry : catalogue()) {
        INFO(entry.name);
        CHECK((names.empty() || *names.rbegin() < entry.name));
        names.insert(entry.name);
        CHECK(find(entry.name) == &entry);
    }

    CHECK(names == std::set<std::string_view>{ "carveout", "contiguous", "reserved", "system" });
}

TEST_CASE("catalogue: has nothing under other names", "[policies]")
{
    CHECK(find("") == nullptr);
    CHECK(find("System") == nullptr);
    CHECK(find("system ") == nullptr);
    CHECK(find("syste") == nullptr);
}

TEST_CASE("system: gives zeroed memory of the size asked for, in one extent", "[policies]")
{
    System system;

    auto memory = system.obtain(8192);

    REQUIRE(memory);
    CHECK(memory->size() == 8192);
    REQUIRE(memory->place());
    REQUIRE(memory->extents().size() == 1);
    const Extent &extent = memory->extents().front();
    CHECK(extent.offset == 0);
    struct stat attributes{};
    REQUIRE(::fstat(extent.file.get(), &attributes) == 0);
    CHECK(attributes.st_size == 8192);
    CHECK(attributes.st_blocks == 0); // no page of it is taken before it is used
    std::array<char, 8192> content{};
    content.fill('x');
    CHECK(::read(extent.file.get(), content.data(), content.size()) == 8192);
    CHECK(std::string(content.data(), 8192) == std::string(8192, '\0'));
}

TEST_CASE("system: what an exporter has to seal can be sealed", "[policies]")
{
    auto memory = System().obtain(4096);

    REQUIRE((memory && memory->place()));
    CHECK(::fcntl(memory->extents().front().file.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    CHECK(::fcntl(memory->extents().front().file.get(), F_GET_SEALS) == F_SEAL_SHRINK);
}

TEST_CASE("system: each request has memory of its own", "[policies]")
{
    System system;
    auto first = system.obtain(4096);
    auto second = system.obtain(4096);
    REQUIRE((first && first->place()));
    REQUIRE((second && second->place()));

    REQUIRE(::pwrite(first->extents().front().file.get(), "x", 1, 0) == 1);

    char byte = '-';
    REQUIRE(::pread(second->extents().front().file.get(), &byte, 1, 0) == 1);
    CHECK(byte == '\0');
}

TEST_CASE("system: leaves the file to the exporter", "[policies]")
{
    const auto memory = System().obtain(4096);

    REQUIRE(memory);
    CHECK_FALSE(memory->placed());
}

TEST_CASE("system: preferred pages that the machine has not are no reason to fail", "[policies]")
{
    constexpr Bytes kNoSuchPage = Bytes{ 1 } << 40;
    System system(kNoSuchPage);

    CHECK(system.obtain(4096));
    CHECK(system.obtain(kNoSuchPage));
    CHECK(system.describe() == "pages of 1TiB if there are any");
}

TEST_CASE("system: with preferred pages all is zero, whichever it gets", "[policies]")
{
    constexpr Bytes kHuge = Bytes{ 2 } << 20;
    auto memory = System(kHuge).obtain(kHuge + 4096);

    REQUIRE((memory && memory->place()));
    CHECK(memory->size() == kHuge + 4096);
    const Extent &last = memory->extents().back();
    char byte = '-';
    REQUIRE(::pread(last.file.get(), &byte, 1, static_cast<off_t>(last.offset + last.size - 1)) ==
            1);
    CHECK(byte == '\0');
}
