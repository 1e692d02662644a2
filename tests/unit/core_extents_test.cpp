// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <random>
#include <vector>

#include "core/extents.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

constexpr Bytes kPage = Extents::kGranule;

/// What the extents must agree with: for each page whether it is taken, and the run that it is of.
class Model {
public:
    explicit Model(const std::vector<Range> &runs)
    {
        for (std::size_t run = 0; run < runs.size(); ++run)
            for (Bytes at = runs[run].offset; at < runs[run].offset + runs[run].size; at += kPage) {
                const std::size_t page = at / kPage;
                if (run_of_.size() <= page)
                    run_of_.resize(page + 1, kNone), taken_.resize(page + 1, false);
                run_of_[page] = static_cast<int>(run);
            }
    }

    /// Whether all of it is of one run and has the wanted state; it is then changed to the other.
    bool flip(Range extent, bool taken_before)
    {
        const std::size_t first = extent.offset / kPage;
        const std::size_t end = first + extent.size / kPage;
        if (end > run_of_.size())
            return false;
        for (std::size_t page = first; page < end; ++page) {
            if (run_of_[page] == kNone || run_of_[page] != run_of_[first] ||
                taken_[page] != taken_before)
                return false;
            taken_[page] = !taken_before;
        }
        return true;
    }

    /// The free extents, as large as they can be.
    [[nodiscard]] std::vector<Range> free() const
    {
        std::vector<Range> found;
        for (std::size_t page = 0; page < run_of_.size(); ++page) {
            if (run_of_[page] == kNone || taken_[page])
                continue;
            const bool goes_on =
                page > 0 && !taken_[page - 1] && run_of_[page - 1] == run_of_[page];
            if (!goes_on)
                found.push_back({ .offset = page * kPage, .size = 0 });
            found.back().size += kPage;
        }
        return found;
    }

private:
    static constexpr int kNone = -1;
    std::vector<int> run_of_;
    std::vector<bool> taken_;
};

std::vector<Range> free_of(const Extents &extents)
{
    std::vector<Range> free;
    for (const auto &[offset, size] : extents.by_offset())
        free.push_back({ .offset = offset, .size = size });
    return free;
}

/// The size of the free extent that best fit takes from; nothing when there is none.
std::optional<Bytes> best_fit(const std::vector<Range> &free, Bytes size, Bytes alignment)
{
    std::optional<Bytes> best;
    for (const Range &extent : free) {
        const Bytes at = (extent.offset + alignment - 1) / alignment * alignment;
        const bool fits = at + size <= extent.offset + extent.size;
        if (fits && (!best || extent.size < *best))
            best = extent.size;
    }
    return best;
}

Bytes size_around(const std::vector<Range> &free, Range taken)
{
    const auto holds = [&](const Range &extent) {
        return extent.offset <= taken.offset &&
               taken.offset + taken.size <= extent.offset + extent.size;
    };
    const auto found = std::ranges::find_if(free, holds);
    return found == free.end() ? 0 : found->size;
}

} // namespace

TEST_CASE("extents: random traffic agrees with a naive model", "[core]")
{
    const auto seed = GENERATE(1U, 2U, 3U, 4U);
    // Two runs that touch, and one apart.
    const std::vector<Range> runs{ { 0, 64 * kPage },
                                   { 64 * kPage, 96 * kPage },
                                   { 200 * kPage, 56 * kPage } };
    std::mt19937 random(seed);
    const auto up_to = [&](Bytes most) {
        return std::uniform_int_distribution<Bytes>(1, most)(random);
    };
    Extents extents(runs);
    Model model(runs);
    std::vector<Range> live;
    for (int round = 0; round < 4000; ++round) {
        const auto before = model.free();
        if (up_to(100) <= 55) {
            const Bytes size = up_to(24) * kPage;
            const Bytes alignment = kPage << (up_to(5) - 1);
            const auto taken = extents.take(size, alignment);
            const auto expected = best_fit(before, size, alignment);
            REQUIRE(taken.has_value() == expected.has_value());
            if (taken) {
                REQUIRE(taken->size == size);
                REQUIRE(taken->offset % alignment == 0);
                REQUIRE(size_around(before, *taken) == *expected);
                REQUIRE(model.flip(*taken, false));
                live.push_back(*taken);
            } else {
                REQUIRE(taken.error().code == ENOMEM);
            }
        } else if (!live.empty()) {
            std::swap(live[up_to(live.size()) - 1], live.back());
            REQUIRE(model.flip(live.back(), true));
            extents.give_back(live.back());
            live.pop_back();
        }
        REQUIRE(free_of(extents) == model.free());
    }

    for (const Range &extent : live)
        extents.give_back(extent);
    CHECK(free_of(extents) == runs);
}

TEST_CASE("extents: how much is free, and how torn it is", "[core]")
{
    Extents extents(std::vector<Range>{ { 0, 8 * kPage } });
    CHECK(extents.fragmentation() == 0);
    std::vector<Range> pages;
    for (int page = 0; page < 8; ++page)
        pages.push_back(extents.take(kPage).value());
    CHECK(extents.free() == 0);
    CHECK(extents.largest() == 0);
    CHECK(extents.fragmentation() == 0);

    extents.give_back(pages[1]);
    extents.give_back(pages[3]);
    extents.give_back(pages[4]);

    CHECK(extents.free() == 3 * kPage);
    CHECK(extents.largest() == 2 * kPage);
    CHECK(extents.fragmentation() == 1.0 - 2.0 / 3);
}

TEST_CASE("extents: what is no size and no alignment is refused, and nothing is taken", "[core]")
{
    Extents extents(std::vector<Range>{ { 0, 8 * kPage } });

    for (const Bytes size : { Bytes{ 0 }, Bytes{ 1 }, kPage + 1, ~Bytes{ 0 } })
        CHECK(extents.take(size).error().code == EINVAL);
    for (const Bytes alignment : { Bytes{ 0 }, Bytes{ 1 }, kPage / 2, 3 * kPage })
        CHECK(extents.take(kPage, alignment).error().code == EINVAL);
    CHECK(extents.take(~Bytes{ 0 } - kPage + 1).error().code == ENOMEM);
    CHECK(extents.take(kPage, Bytes{ 1 } << 63).value().offset == 0);
    CHECK(extents.take(kPage, Bytes{ 1 } << 63).error().code == ENOMEM);

    CHECK(extents.free() == 7 * kPage);
}

TEST_CASE("figure: 100,000 random extents of 1 GiB, about half of it in use", "[.][figure]")
{
    using Clock = std::chrono::steady_clock;
    constexpr Bytes kRegion = Bytes{ 1 } << 30;
    constexpr int kSteps = 200000; // half of them take, half of them give back
    constexpr Bytes kLargest = 1024;
    std::mt19937 random(1);
    Extents extents(std::vector<Range>{ { .offset = 0, .size = kRegion } });
    std::vector<Range> live;
    Clock::duration spent{};
    for (int step = 0; step < kSteps; ++step) {
        const Bytes size = (1 + random() % kLargest) * kPage;
        const bool takes = live.empty() || extents.free() > kRegion / 2;
        if (!takes)
            std::swap(live[random() % live.size()], live.back());

        const auto start = Clock::now();
        if (takes)
            live.push_back(extents.take(size).value());
        else
            extents.give_back(live.back());
        spent += Clock::now() - start;
        if (!takes)
            live.pop_back();
    }
    Bytes too_small = 0;
    for (const auto &[offset, size] : extents.by_offset())
        too_small += size < kLargest * kPage ? size : 0;
    const double free = static_cast<double>(extents.free());
    std::printf(
        "extents: %.0f ns each; of the free %.0f MiB, %.1f%% in %zu pieces too small for the "
        "largest request (4 MiB), %.1f%% outside the largest piece\n",
        std::chrono::duration<double, std::nano>(spent).count() / kSteps, free / (1 << 20),
        100.0 * static_cast<double>(too_small) / free, extents.by_offset().size(),
        100.0 * extents.fragmentation());
}

TEST_CASE("extents: what is free of any bytes is taken out, whatever it is a part of", "[core]")
{
    const std::vector<Range> runs{ { .offset = 0, .size = 8 * kPage },
                                   { .offset = 8 * kPage, .size = 8 * kPage } };
    Extents extents(runs);
    REQUIRE(extents.take(2 * kPage)); // pages 0 and 1

    const auto taken = extents.take_all_of({ .offset = kPage, .size = 9 * kPage });

    CHECK(taken == std::vector<Range>{ { .offset = 2 * kPage, .size = 6 * kPage },
                                       { .offset = 8 * kPage, .size = 2 * kPage } });
    CHECK(extents.free() == 6 * kPage);
    CHECK(extents.take_all_of({ .offset = 0, .size = 10 * kPage }).empty());
    CHECK(extents.take_all_of({ .offset = 100 * kPage, .size = kPage }).empty());
    for (const Range &part : taken)
        extents.give_back(part);
    CHECK(extents.largest() == 8 * kPage); // joined again, and not over the end of a run
    CHECK(extents.take_all_of({ .offset = 3 * kPage, .size = kPage }) ==
          std::vector<Range>{ { .offset = 3 * kPage, .size = kPage } });
    CHECK(extents.free() == 13 * kPage);
}
