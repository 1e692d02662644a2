// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <sys/stat.h>

#include "core/region.h"
#include "core/sys.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

constexpr Bytes kPage = Extents::kGranule;
constexpr auto kOneRun = Region::Shape::one_run;
constexpr auto kAny = Region::Shape::any;

void write_to(const Extent &extent, char content)
{
    const std::string text(extent.size, content);
    REQUIRE(::pwrite(extent.file.get(), text.data(), extent.size,
                     static_cast<off_t>(extent.offset)) == static_cast<ssize_t>(extent.size));
}

bool is_zero(const Extent &extent)
{
    std::string text(extent.size, '?');
    REQUIRE(::pread(extent.file.get(), text.data(), extent.size,
                    static_cast<off_t>(extent.offset)) == static_cast<ssize_t>(extent.size));
    return text == std::string(extent.size, '\0');
}

bool all_zero(const Memory &memory)
{
    return std::ranges::all_of(memory.extents(), is_zero);
}

void fill(const Memory &memory, char content)
{
    for (const Extent &extent : memory.extents())
        write_to(extent, content);
}

/// Waits until all that was given back is free.
void await_wiped(Region &region)
{
    while (region.use().being_wiped != 0)
        std::this_thread::yield();
}

struct Fixture {
    explicit Fixture(Bytes pages = 16)
        : region("region", *Reservoir::ordinary(pages * kPage), wiper),
          share(**region.open_share(0))
    {
    }

    Memory take(Bytes pages, Region::Shape shape = kOneRun)
    {
        return *region.take(share, pages * kPage, shape);
    }

    int error_of(Bytes pages, Region::Shape shape = kOneRun)
    {
        const auto memory = region.take(share, pages * kPage, shape);
        return memory ? 0 : memory.error().code;
    }

    Wiper wiper;
    Region region;
    Region::Share &share;
};

} // namespace

TEST_CASE_METHOD(Fixture, "region: its pages are there before anybody takes them", "[core]")
{
    const Memory memory = take(1);

    struct stat status{};
    REQUIRE(::fstat(memory.extents()[0].file.get(), &status) == 0);
    CHECK(static_cast<Bytes>(status.st_blocks) * 512 == 16 * kPage);
}

TEST_CASE_METHOD(Fixture, "region: gives what it has, and ENOMEM beyond", "[core]")
{
    const Memory most = take(15);
    const Memory last = take(1);

    CHECK(error_of(1) == ENOMEM);
    CHECK(region.use().free == 0);
    CHECK(most.size() == 15 * kPage);
    CHECK(most.extents().size() == 1);
}

TEST_CASE_METHOD(Fixture, "region: what comes back is zero when it is given out again", "[core]")
{
    for (int round = 0; round < 50; ++round) {
        Memory all = take(16);
        REQUIRE(all_zero(all));
        fill(all, 'x');
    }
}

TEST_CASE_METHOD(Fixture, "region: what comes back is whole again", "[core]")
{
    {
        std::vector<Memory> pages;
        for (int page = 0; page < 16; ++page)
            pages.push_back(take(1));
        CHECK(region.use().free == 0);
    }

    CHECK(error_of(16) == 0);
    await_wiped(region);
    CHECK(region.use().free == 16 * kPage);
    CHECK(region.use().largest == 16 * kPage);
    CHECK(region.use().lost == 0);
}

TEST_CASE_METHOD(Fixture, "region: pieces are taken together only where that will do", "[core]")
{
    std::vector<Memory> pages;
    for (int page = 0; page < 16; ++page)
        pages.push_back(take(1));
    for (const int page : { 14, 10, 6, 2 })
        pages.erase(pages.begin() + page);
    await_wiped(region);

    CHECK(error_of(2) == ENOMEM);
    CHECK(error_of(5, kAny) == ENOMEM);
    CHECK(region.use().free == 4 * kPage); // a refusal keeps nothing
    const Memory torn = take(4, kAny);

    CHECK(torn.size() == 4 * kPage);
    CHECK(torn.extents().size() == 4);
    CHECK(all_zero(torn));
}

TEST_CASE_METHOD(Fixture, "region: an extent begins at a multiple of the alignment", "[core]")
{
    const Memory first = take(1);

    const auto aligned = region.take(share, kPage, kOneRun, 8 * kPage);

    REQUIRE(aligned);
    CHECK(aligned->extents()[0].offset == 8 * kPage);
    CHECK(region.take(share, kPage, kOneRun, 3 * kPage).error().code == EINVAL);
}

TEST_CASE_METHOD(Fixture, "region: a guarantee is nobody else's", "[core]")
{
    Region::Share &favoured = **region.open_share(4 * kPage);
    const Memory greedy = take(12);

    CHECK(error_of(1) == ENOMEM);
    CHECK(error_of(1, kAny) == ENOMEM);
    CHECK(region.use().held_back == 4 * kPage);
    for (int round = 0; round < 10; ++round)
        CHECK(region.take(favoured, 4 * kPage, kOneRun));
}

TEST_CASE_METHOD(Fixture, "region: beyond its guarantee a heap has what all have", "[core]")
{
    Region::Share &favoured = **region.open_share(4 * kPage);
    const auto own = region.take(favoured, 4 * kPage, kOneRun);
    auto more = region.take(favoured, 12 * kPage, kOneRun);
    REQUIRE((own && more));
    CHECK(error_of(1) == ENOMEM);

    more = failure(ENOENT, "given back");

    CHECK(error_of(12) == 0);
    CHECK(error_of(13) == ENOMEM); // what was its own is its own again
}

TEST_CASE_METHOD(Fixture, "region: no more can be guaranteed than there is", "[core]")
{
    CHECK(region.open_share(17 * kPage).error().code == ENOMEM);
    CHECK(region.open_share(10 * kPage));
    CHECK(region.open_share(10 * kPage).error().code == ENOMEM);
    CHECK(region.use().free == 16 * kPage);
    CHECK(error_of(6) == 0);
}

TEST_CASE("region: random traffic of several heaps never shares a page, and loses none", "[core]")
{
    const auto seed = GENERATE(1U, 2U, 3U);
    std::mt19937 random(seed);
    Fixture fixture(64);
    std::vector<Region::Share *> shares{ &fixture.share, *fixture.region.open_share(8 * kPage),
                                         *fixture.region.open_share(16 * kPage) };
    std::vector<std::pair<Memory, char>> live;
    char mark = 'a';
    for (int round = 0; round < 1000; ++round) {
        if (random() % 100 < 55) {
            auto memory =
                fixture.region.take(*shares[random() % shares.size()], (1 + random() % 12) * kPage,
                                    random() % 2 == 0 ? kOneRun : kAny, kPage << random() % 3);
            if (!memory)
                continue;
            REQUIRE(all_zero(*memory));
            mark = mark == 'z' ? 'a' : static_cast<char>(mark + 1);
            fill(*memory, mark);
            live.emplace_back(*std::move(memory), mark);
        } else if (!live.empty()) {
            std::swap(live[random() % live.size()], live.back());
            for (const Extent &extent : live.back().first.extents()) {
                std::string text(extent.size, '?');
                REQUIRE(::pread(extent.file.get(), text.data(), extent.size,
                                static_cast<off_t>(extent.offset)) ==
                        static_cast<ssize_t>(extent.size));
                REQUIRE(text == std::string(extent.size, live.back().second));
            }
            live.pop_back();
        }
    }

    live.clear();
    await_wiped(fixture.region);
    CHECK(fixture.region.use().free == 64 * kPage);
    CHECK(fixture.region.use().held_back == 24 * kPage);
}

TEST_CASE("region: that of a file is zero, and others see what is in it", "[core]")
{
    auto file = *sys::memfd("others", 5 * kPage);
    const Extent others{ .file = *sys::duplicate(file.get()), .offset = 0, .size = 4 * kPage };
    write_to(others, 'x');
    Wiper wiper;
    Region region("file", *Reservoir::of_file(std::move(file), 4 * kPage), wiper);
    Region::Share &share = **region.open_share(0);
    CHECK(is_zero(others));

    const auto memory = region.take(share, 4 * kPage, kAny);
    REQUIRE(memory);
    fill(*memory, 'y');

    CHECK_FALSE(is_zero(others));
    CHECK_FALSE(is_a_whole_file(*memory)); // there is a fifth page, of which nobody gets anything
    CHECK(region.take(share, kPage, kAny).error().code == ENOMEM);
}

TEST_CASE("region: pieces that are files of their own have zeroes, and end when they come back",
          "[core]")
{
    Wiper wiper;
    Region region("apart", Reservoir::files_apart(4 * kPage), wiper);
    Region::Share &share = **region.open_share(0);
    auto first = region.take(share, kPage, kOneRun);
    auto second = region.take(share, 3 * kPage, kAny);
    REQUIRE((first && second));
    fill(*first, 'x');

    CHECK(all_zero(*second));
    CHECK(second->extents().size() == 1);
    CHECK(region.take(share, kPage, kOneRun).error().code == ENOMEM);
    first = failure(ENOENT, "given back");

    const auto again = region.take(share, kPage, kOneRun);
    REQUIRE(again);
    CHECK(all_zero(*again));
}

TEST_CASE("region: what comes back after the wiper's end is not given out again", "[core]")
{
    Fixture fixture;
    std::optional<Memory> memory = fixture.take(4);
    fixture.wiper.stop();

    memory.reset();

    CHECK(fixture.region.use().lost == 4 * kPage);
    CHECK(fixture.error_of(13) == ENOMEM);
    CHECK(fixture.error_of(12) == 0);
}
