// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

#include <sys/stat.h>

#include "core/live_state.h"
#include "core/sys.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

constexpr std::size_t kRow = 128;

LiveState::Row row(std::uint64_t number, const std::string &heap = "linux,cma")
{
    return { .number = number,
             .heap = heap,
             .size = number * 4096,
             .owner = { .process = 4242, .user = 1000 },
             .time = std::chrono::system_clock::now(),
             .file = { .device = 5, .inode = number } };
}

LiveState state_of(std::uint64_t rows)
{
    LiveState state = *LiveState::create();
    for (std::uint64_t number = 1; number <= rows; ++number)
        REQUIRE(state.add(row(number)));
    return state;
}

Result<LiveState> adopted(const LiveState &state)
{
    return LiveState::adopt(*sys::duplicate(state.fd()));
}

void overwrite(const LiveState &state, std::size_t at, const std::string &bytes)
{
    REQUIRE(::pwrite(state.fd(), bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
            static_cast<ssize_t>(bytes.size()));
}

std::string why_refused(const LiveState &state)
{
    const auto other = adopted(state);
    if (other)
        return "";
    CHECK(other.error().code == EBADMSG);
    return other.error().step;
}

} // namespace

TEST_CASE("live_state: another reads what has been written, at any moment", "[core]")
{
    LiveState state = *LiveState::create();
    CHECK(adopted(state)->rows().empty());
    const auto first = row(7);
    const auto second = row(9, std::string(LiveState::kLongestHeap, 'x'));
    REQUIRE(state.add(second));
    REQUIRE(state.add(first));

    CHECK(adopted(state)->rows() == std::vector{ first, second });

    state.remove(7);
    state.remove(8); // which there never was
    CHECK(adopted(state)->rows() == std::vector{ second });
}

TEST_CASE("live_state: has room for thousands, and uses room again", "[core]")
{
    LiveState state = state_of(3000);
    struct stat before{};
    REQUIRE(::fstat(state.fd(), &before) == 0);
    for (std::uint64_t number = 1; number <= 2999; ++number)
        state.remove(number);
    for (std::uint64_t number = 3001; number <= 5999; ++number)
        REQUIRE(state.add(row(number)));
    struct stat after{};
    REQUIRE(::fstat(state.fd(), &after) == 0);

    CHECK(after.st_size == before.st_size);
    const auto rows = adopted(state)->rows();
    CHECK(rows.size() == 3000);
    CHECK(rows.front().number == 3000);
}

TEST_CASE("live_state: one that has been adopted goes on", "[core]")
{
    const LiveState first = state_of(40);
    LiveState second = *adopted(first);
    second.remove(40);
    REQUIRE(second.add(row(41)));

    const auto rows = adopted(second)->rows();

    CHECK(rows.size() == 40);
    CHECK(rows.back().number == 41);
}

TEST_CASE("live_state: tells where the memory of a buffer is, in as many parts as it takes",
          "[core]")
{
    LiveState state = *LiveState::create();
    auto scattered = row(1);
    scattered.of = 9;
    scattered.place.file = { .device = 3, .inode = 77 };
    for (Bytes page = 0; page < 40; ++page)
        scattered.place.ranges.push_back({ .offset = page * 8192, .size = 4096 });
    REQUIRE(state.add(scattered));
    for (std::uint64_t number = 2; number <= 40; ++number)
        REQUIRE(state.add(row(number)));

    auto rows = adopted(state)->rows();
    REQUIRE(rows.size() == 40);
    std::ranges::sort(rows[0].place.ranges, {}, &Range::offset);
    CHECK(rows[0] == scattered);
    CHECK(rows[1].place == Place{});

    LiveState other = *adopted(state);
    struct stat before{};
    REQUIRE(::fstat(state.fd(), &before) == 0);
    for (int round = 0; round < 100; ++round) { // their room is used again
        other.remove(1);
        REQUIRE(other.add(scattered));
    }
    struct stat after{};
    REQUIRE(::fstat(state.fd(), &after) == 0);
    CHECK(after.st_size == before.st_size);
}

TEST_CASE("live_state: places of a row that is not there are room", "[core]")
{
    LiveState state = *LiveState::create();
    auto placed = row(1);
    placed.place = { .file = { .device = 3, .inode = 77 },
                     .ranges = { { .offset = 0, .size = 4096 } } };
    REQUIRE(state.add(placed));
    overwrite(state, 2 * kRow, std::string(8, '\0')); // killed before it had written the row

    LiveState other = *adopted(state);
    CHECK(other.rows().empty());
    for (std::uint64_t number = 1; number <= 31; ++number)
        REQUIRE(other.add(row(number)));
    CHECK(adopted(other)->rows().size() == 31);
    struct stat status{};
    REQUIRE(::fstat(state.fd(), &status) == 0);
    CHECK(status.st_size == 4096);
}

TEST_CASE("live_state: a heap's name has an end", "[core]")
{
    LiveState state = *LiveState::create();

    const auto added = state.add(row(1, std::string(LiveState::kLongestHeap + 1, 'x')));

    REQUIRE_FALSE(added);
    CHECK(added.error().code == EINVAL);
    CHECK(state.rows().empty());
}

TEST_CASE("live_state: garbage is refused, and why", "[core]")
{
    const LiveState state = state_of(3);
    SECTION("other bytes at the start")
    {
        overwrite(state, 0, "D");
        CHECK(why_refused(state) == "first bytes of the state");
    }
    SECTION("another version")
    {
        overwrite(state, 8, "\x01");
        CHECK(why_refused(state) == "version of the state");
    }
    SECTION("rows of another size")
    {
        overwrite(state, 12, "\x40");
        CHECK(why_refused(state) == "version of the state");
    }
    SECTION("cut off")
    {
        REQUIRE(::ftruncate(state.fd(), kRow * 2 + 1) == 0);
        CHECK(why_refused(state) == "size of the state");
        REQUIRE(::ftruncate(state.fd(), 0) == 0);
        CHECK(why_refused(state) == "size of the state");
    }
    SECTION("larger than there may be rows")
    {
        REQUIRE(::ftruncate(state.fd(), static_cast<off_t>(kRow * (LiveState::kMostRows + 2))) ==
                0);
        CHECK(why_refused(state) == "size of the state");
    }
    SECTION("a size that is no pages")
    {
        overwrite(state, kRow + 8, "\x01");
        CHECK(why_refused(state) == "row of the state");
    }
    SECTION("a name without an end")
    {
        overwrite(state, kRow + 48, std::string(LiveState::kLongestHeap + 1, 'x'));
        CHECK(why_refused(state) == "row of the state");
    }
    SECTION("a place that is no pages")
    {
        auto placed = row(9);
        placed.place = { .file = {}, .ranges = { { .offset = 4096, .size = 4096 } } };
        LiveState other = *adopted(state);
        REQUIRE(other.add(placed));
        overwrite(state, 4 * kRow + 32, "\x01");
        CHECK(why_refused(state) == "place of a buffer in the state");
    }
    SECTION("a number twice")
    {
        overwrite(state, kRow, std::string("\x02\0\0\0\0\0\0\0", 8));
        CHECK(why_refused(state) == "number of a row of the state");
    }
}

TEST_CASE("live_state: no bytes do harm", "[core]")
{
    std::minstd_rand random; // NOLINT(bugprone-random-generator-seed): the same each time
    for (int round = 0; round < 200; ++round) {
        const LiveState state = state_of(20);
        for (int count = 0; count < 8; ++count)
            overwrite(state, random() % (kRow * 21),
                      std::string(1, static_cast<char>(random() & 0xff)));
        if (auto other = adopted(state))
            CHECK(other->rows().size() <= 31);
    }
}

TEST_CASE("live_state: a descriptor of something else is refused", "[core]")
{
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const UniqueFd other(ends[1]);

    CHECK_FALSE(LiveState::adopt(UniqueFd(ends[0])));
    CHECK_FALSE(LiveState::adopt(UniqueFd()));
}
