// SPDX-License-Identifier: MIT
#include <limits>
#include <random>
#include <string>

#include <unistd.h>

#include "core/size.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

constexpr Bytes kMost = std::numeric_limits<Bytes>::max();

int error_of(const Result<Bytes> &result)
{
    return result ? 0 : result.error().code;
}

} // namespace

TEST_CASE("size: lengths are rounded up to whole pages", "[core]")
{
    const Bytes page = page_size();

    CHECK(page_aligned(1) == page);
    CHECK(page_aligned(page - 1) == page);
    CHECK(page_aligned(page) == page);
    CHECK(page_aligned(page + 1) == 2 * page);
    CHECK(page_aligned(5000 * page - 1) == 5000 * page);
}

TEST_CASE("size: a length that rounds to 0 is refused", "[core]")
{
    const Bytes last_page = kMost - page_size() + 1; // the largest multiple of a page

    CHECK(error_of(page_aligned(0)) == EINVAL);
    CHECK(error_of(page_aligned(kMost)) == EINVAL);
    CHECK(error_of(page_aligned(last_page + 1)) == EINVAL);
    CHECK(page_aligned(last_page) == last_page);
    CHECK(page_aligned(last_page - 1) == last_page);
}

TEST_CASE("size: units are powers of 1024, and case does not matter", "[core]")
{
    CHECK(parse_size("0") == 0U);
    CHECK(parse_size("4096") == 4096U);
    CHECK(parse_size("4096B") == 4096U);
    CHECK(parse_size("64K") == 65536U);
    CHECK(parse_size("64KiB") == 65536U);
    CHECK(parse_size("64kib") == 65536U);
    CHECK(parse_size("4m") == Bytes{ 4 } << 20);
    CHECK(parse_size("3GiB") == Bytes{ 3 } << 30);
    CHECK(parse_size("2T") == Bytes{ 2 } << 40);
}

TEST_CASE("size: what is no size is refused", "[core]")
{
    for (const char *const text : { "", " ", "K", "-1", "+1", "4 K", " 4K", "4K ", "4KB", "4Ki",
                                    "4KiBs", "1.5M", "0x10", "4P", "1e3" }) {
        INFO(text);
        CHECK(error_of(parse_size(text)) == EINVAL);
    }
}

TEST_CASE("size: what does not fit is out of range, with a unit and without one", "[core]")
{
    CHECK(parse_size("18446744073709551615") == kMost);
    CHECK(error_of(parse_size("18446744073709551616")) == ERANGE);
    CHECK(parse_size("16777215TiB") == Bytes{ 16777215 } << 40);
    CHECK(error_of(parse_size("16777216TiB")) == ERANGE);
    CHECK(error_of(parse_size("18446744073709551615K")) == ERANGE);
}

TEST_CASE("size: the shortest exact spelling is written", "[core]")
{
    CHECK(format_size(0) == "0");
    CHECK(format_size(1) == "1");
    CHECK(format_size(4096) == "4KiB");
    CHECK(format_size(4097) == "4097");
    CHECK(format_size(Bytes{ 64 } << 20) == "64MiB");
    CHECK(format_size(Bytes{ 1536 } << 20) == "1536MiB");
    CHECK(format_size(Bytes{ 2 } << 30) == "2GiB");
    CHECK(format_size(Bytes{ 1 } << 40) == "1TiB");
}

TEST_CASE("size: whatever is written is read back as it was", "[core]")
{
    std::mt19937_64 random(20240607); // NOLINT: the same numbers in each run

    for (int round = 0; round < 2000; ++round) {
        const Bytes size = (random() >> (random() % 64)) << (random() % 64);
        const std::string text = format_size(size);
        INFO(text);
        CHECK(parse_size(text) == size);
    }
}

TEST_CASE("size: page and memory are what the machine says", "[core]")
{
    CHECK(page_size() == static_cast<Bytes>(::sysconf(_SC_PAGESIZE)));
    CHECK(machine_memory() ==
          static_cast<Bytes>(::sysconf(_SC_PHYS_PAGES)) * static_cast<Bytes>(::getpagesize()));
}
