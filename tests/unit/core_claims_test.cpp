// SPDX-License-Identifier: MIT
//
// A daemon after another: the region is the same memory, and what is live of it stays as it is.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "core/claims.h"
#include "core/region.h"
#include "core/sys.h"
#include "policies/reserved.h"
#include "tests/support/catch.h"
#include "tests/unit/support/fakes.h"

using namespace dmaheap;

namespace {

constexpr Bytes kPage = Extents::kGranule;
constexpr Bytes kSize = 16 * kPage;
constexpr auto kAny = Region::Shape::any;

std::string content(const Extent &extent)
{
    std::string text(extent.size, '?');
    REQUIRE(::pread(extent.file.get(), text.data(), extent.size,
                    static_cast<off_t>(extent.offset)) == static_cast<ssize_t>(extent.size));
    return text;
}

bool holds_only(const Memory &memory, char letter)
{
    for (const Extent &extent : memory.extents())
        if (content(extent) != std::string(extent.size, letter))
            return false;
    return true;
}

void fill(const Memory &memory, char letter)
{
    for (const Extent &extent : memory.extents()) {
        const std::string text(extent.size, letter);
        REQUIRE(::pwrite(extent.file.get(), text.data(), extent.size,
                         static_cast<off_t>(extent.offset)) == static_cast<ssize_t>(extent.size));
    }
}

LiveState::Row buffer_at(const Place &place, Bytes size)
{
    return { .number = 1,
             .heap = "heap",
             .size = size,
             .owner = {},
             .time = {},
             .file = {},
             .place = place };
}

UniqueFd descriptor_of(const Region &region)
{
    return *sys::duplicate(region.reservoir().fd());
}

struct Daemon {
    explicit Daemon(Reservoir reservoir) : region("cma", std::move(reservoir), wiper) {}
    Daemon(const Daemon &) = delete;
    Daemon &operator=(const Daemon &) = delete;
    ~Daemon() { wiper.stop(); }

    void await_wiped() const
    {
        while (region.use().being_wiped != 0)
            std::this_thread::yield();
    }

    Wiper wiper;
    Region region;
};

} // namespace

TEST_CASE("claims: a region that is taken over keeps what is live, and wipes the rest", "[core]")
{
    Daemon before(*Reservoir::ordinary(kSize));
    auto &old_share = **before.region.open_share(0);
    Memory gone = *before.region.take(old_share, 3 * kPage, kAny);
    Memory live = *before.region.take(old_share, 4 * kPage, kAny);
    fill(gone, 'g');
    fill(live, 'l');
    const Place place = place_of(live);

    Daemon now(*Reservoir::adopt(descriptor_of(before.region), kSize, kPage, place.ranges));
    auto &share = **now.region.open_share(8 * kPage); // of which a part is live
    auto claims = Claims([&](const Place &where) { return now.region.withdraw(where); });
    {
        const Memory claimed = claims.memory_of(buffer_at(place, 4 * kPage));
        claims = Claims({});

        CHECK(claimed.size() == 4 * kPage);
        CHECK(now.region.use().free == 12 * kPage);
        {
            const Memory all = *now.region.take(share, 12 * kPage, kAny);
            CHECK(holds_only(all, '\0'));
            fill(all, 'x');
            CHECK(now.region.take(share, kPage, kAny).error().code == ENOMEM);
        }
        CHECK(holds_only(live, 'l'));
        now.await_wiped();
    }
    now.await_wiped();
    CHECK(now.region.use().free == kSize);
    CHECK(now.region.use().held_back == 8 * kPage); // it is the heap's again
    CHECK(holds_only(live, '\0'));
}

TEST_CASE("claims: a reserved buffer comes back to its heap", "[core]")
{
    test::FakeExporter exporter;
    Daemon before(*Reservoir::ordinary(kSize));
    const policies::Options options{ .region = &before.region,
                                     .buffers = 4,
                                     .buffer_size = 4 * kPage };
    const auto old = *policies::Reserved::make(options, { exporter, before.wiper });
    const Memory one = *old->obtain(4 * kPage);
    const Memory other = *old->obtain(kPage); // a part
    fill(one, 'l');
    fill(other, 'l');
    Place live = place_of(one);
    const auto part = place_of(other).ranges;
    live.ranges.insert(live.ranges.end(), part.begin(), part.end());

    Daemon now(*Reservoir::adopt(descriptor_of(before.region), kSize, kPage, live.ranges));
    auto changed = options;
    changed.region = &now.region;
    const auto policy = *policies::Reserved::make(changed, { exporter, now.wiper });
    Claims claims([&](const Place &where) { return policy->withdraw(where); });
    {
        const Memory first = claims.memory_of(buffer_at(place_of(one), 4 * kPage));
        const Memory second = claims.memory_of(buffer_at(place_of(other), kPage));
        claims = Claims({});

        const auto third = policy->obtain(4 * kPage);
        const auto fourth = policy->obtain(4 * kPage);
        REQUIRE(third);
        REQUIRE(fourth);
        CHECK(holds_only(*third, '\0'));
        CHECK(holds_only(*fourth, '\0'));
        CHECK(policy->obtain(kPage).error().code == ENOMEM);
        CHECK(holds_only(one, 'l'));
        CHECK(holds_only(other, 'l'));
    }
    std::vector<Memory> all;
    for (int count = 0; count < 4; ++count)
        all.push_back(*policy->obtain(4 * kPage));
    CHECK(holds_only(all.back(), '\0'));
    CHECK(policy->obtain(kPage).error().code == ENOMEM);
}

TEST_CASE("claims: what several buffers have parts of comes back with the last of them", "[core]")
{
    Daemon daemon(*Reservoir::ordinary(kSize));
    auto &share = **daemon.region.open_share(0);
    std::vector<Memory> stock;
    stock.push_back(*daemon.region.take(share, kSize, kAny));
    const Inode file = place_of(stock.front()).file;
    const auto at = [&](Bytes page) {
        return Place{ .file = file, .ranges = { { .offset = page * kPage, .size = kPage } } };
    };
    Claims claims([&](const Place &) { return std::exchange(stock, {}); });

    {
        const Memory first = claims.memory_of(buffer_at(at(0), kPage));
        {
            const Memory second = claims.memory_of(buffer_at(at(5), kPage));
            claims = Claims({});
        }
        CHECK(daemon.region.use().free == 0);
    }
    daemon.await_wiped();
    CHECK(daemon.region.use().free == kSize);
}

TEST_CASE("claims: memory that is none of ours is the kernel's", "[core]")
{
    Daemon daemon(*Reservoir::ordinary(kSize));
    Claims claims([&](const Place &where) { return daemon.region.withdraw(where); });

    const Place elsewhere{ .file = { .device = 1, .inode = 1 },
                           .ranges = { { .offset = 0, .size = kPage } } };
    const Memory memory = claims.memory_of(buffer_at(elsewhere, kPage));

    CHECK_FALSE(memory.has_home());
    CHECK(daemon.region.use().free == kSize);
}

TEST_CASE("reservoir: only a region of the same size and pages is taken over", "[core]")
{
    const Reservoir region = *Reservoir::ordinary(kSize);
    const auto adopt = [&](UniqueFd file, Bytes size, Bytes page) {
        const auto adopted = Reservoir::adopt(std::move(file), size, page, {});
        return adopted ? 0 : adopted.error().code;
    };

    CHECK(adopt(*sys::duplicate(region.fd()), kSize, kPage) == 0);
    CHECK(adopt(*sys::duplicate(region.fd()), kSize + kPage, kPage) == EBADMSG);
    CHECK(adopt(*sys::duplicate(region.fd()), kSize, Bytes{ 2 } << 20) == EBADMSG);
    CHECK(adopt(*sys::open("/proc/self/exe", 0), kSize, kPage) == EBADMSG);
    CHECK(adopt(UniqueFd(), kSize, kPage) == EBADMSG);
}
