// SPDX-License-Identifier: MIT
#include <sstream>
#include <thread>
#include <vector>

#include "tools/dmaheap-bench/pace.h"
#include "tools/dmaheap-bench/sizes.h"
#include "tools/dmaheap-bench/statistics.h"
#include "tools/dmaheap-bench/table.h"

#ifdef DMAHEAP_CATCH3
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

using namespace dmaheap::bench;

TEST_CASE("statistics: the median of an even number of samples lies between the middle two",
          "[bench]")
{
    const std::vector<double> sorted{ 1, 2, 4, 100 };

    CHECK(percentile(sorted, 0.5) == Approx(3));
    CHECK(percentile(sorted, 0) == Approx(1));
    CHECK(percentile(sorted, 1) == Approx(100));
}

TEST_CASE("statistics: percentiles interpolate between neighbours", "[bench]")
{
    std::vector<double> sorted;
    for (int i = 0; i <= 100; ++i)
        sorted.push_back(i);

    CHECK(percentile(sorted, 0.9) == Approx(90));
    CHECK(percentile(sorted, 0.99) == Approx(99));
    CHECK(percentile(sorted, 0.125) == Approx(12.5));
}

TEST_CASE("statistics: one sample is every percentile of itself", "[bench]")
{
    const auto summary = summarise({ 7 });

    REQUIRE(summary);
    CHECK(summary->rounds == 1);
    CHECK(summary->median == Approx(7));
    CHECK(summary->p90 == Approx(7));
    CHECK(summary->p99 == Approx(7));
}

TEST_CASE("statistics: a summary sorts its samples, and there is none of no samples", "[bench]")
{
    const auto summary = summarise({ 9, 1, 5 });

    REQUIRE(summary);
    CHECK(summary->median == Approx(5));
    CHECK_FALSE(summarise({}));
}

TEST_CASE("statistics: an allocation is divided by a round trip and its steps", "[bench]")
{
    const AgainstFloor figure{
        .allocation_us = 240, .allocation_mean_us = 250, .ioctl_us = 6, .step_us = 19, .steps = 6
    };

    CHECK(figure.floor_us() == Approx(120));
    CHECK(figure.ratio() == Approx(2));
}

TEST_CASE("sizes: bytes and binary units are read", "[bench]")
{
    CHECK(parse_size("1") == 1U);
    CHECK(parse_size("4096") == 4096U);
    CHECK(parse_size("4K") == 4096U);
    CHECK(parse_size("4k") == 4096U);
    CHECK(parse_size("64KiB") == 65536U);
    CHECK(parse_size("1M") == 1048576U);
    CHECK(parse_size("2GiB") == 2147483648U);
    CHECK(parse_size("18446744073709551615") == UINT64_MAX);
}

TEST_CASE("sizes: what is not a size above 0 is refused", "[bench]")
{
    for (const char *text : { "", "0", "0K", "-1", "+1", " 1", "1 ", "K", "KiB", "4KB", "4Ki", "4T",
                              "1.5M", "0x10", "4KiBs", "18446744073709551616", "17179869184G" })
        CHECK_FALSE(parse_size(text));
}

TEST_CASE("sizes: are shown in the largest exact unit", "[bench]")
{
    CHECK(size_text(4096) == "4 KiB");
    CHECK(size_text(std::uint64_t{ 64 } << 20) == "64 MiB");
    CHECK(size_text(std::uint64_t{ 3 } << 30) == "3 GiB");
    CHECK(size_text(std::uint64_t{ 1025 } << 20) == "1025 MiB");
    CHECK(size_text(5000) == "5000 B");
}

TEST_CASE("pace: ends after its rounds", "[bench]")
{
    std::size_t rounds = 0;
    for (Pace pace({ .rounds = 5, .time = Seconds(60) }); pace.more();)
        ++rounds;

    CHECK(rounds == 5);
}

TEST_CASE("pace: ends after its time, but not before there is a median", "[bench]")
{
    std::size_t rounds = 0;
    for (Pace pace({ .rounds = 1000000, .time = Seconds(0) }); pace.more(); ++rounds)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));

    CHECK(rounds == 3);
}

TEST_CASE("pace: the warm-up is a tenth, and never nothing", "[bench]")
{
    const Limit limit{ .rounds = 500, .time = Seconds(2) };

    CHECK(limit.warm_up().rounds == 50);
    CHECK(limit.warm_up().time.count() == Approx(0.2));
    CHECK(Limit{ .rounds = 1, .time = Seconds(2) }.warm_up().rounds == 1);
    CHECK(Limit{ .rounds = 1000000, .time = Seconds(2) }.warm_up().rounds == 100);
}

TEST_CASE("table: aligns names to the left and figures to the right", "[bench]")
{
    Table table({ "name", "us" });
    table.add({ "a longer name", "1.0" });
    table.add({ "b", "100.0" });
    std::ostringstream out;
    out << table;

    CHECK(out.str() == "name               us\n"
                       "a longer name     1.0\n"
                       "b               100.0\n");
}

TEST_CASE("table: a remark runs across the columns and widens none", "[bench]")
{
    Table table({ "name", "us", "ms" });
    table.add({ "a", "1", "2" });
    table.add({ "b", "not measured: EPERM" });
    std::ostringstream out;
    out << table;

    CHECK(out.str() == "name   us   ms\n"
                       "a       1    2\n"
                       "b      not measured: EPERM\n");
}

TEST_CASE("table: figures are rounded to their digits", "[bench]")
{
    CHECK(fixed(6.26, 1) == "6.3");
    CHECK(fixed(1234.5678, 0) == "1235");
    CHECK(fixed(0.0044, 2) == "0.00");
}
