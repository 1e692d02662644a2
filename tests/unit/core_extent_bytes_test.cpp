// SPDX-License-Identifier: MIT
#include <string>
#include <utility>

#include "core/extent_bytes.h"
#include "core/sys.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

constexpr Bytes kPage = 4096;
constexpr Bytes kHugePage = Bytes{ 2 } << 20;

Extent extent_of(UniqueFd file, Bytes offset, Bytes size)
{
    return { .file = std::move(file), .offset = offset, .size = size };
}

std::string bytes_of(const Extent &extent, std::size_t size)
{
    std::string text(size, '?');
    REQUIRE(read_bytes(extent, text));
    return text;
}

} // namespace

TEST_CASE("extent bytes: are those at the extent's offset", "[core]")
{
    auto file = *sys::memfd("bytes", 3 * kPage);
    auto another = *sys::duplicate(file.get());
    const Extent middle = extent_of(std::move(file), kPage, kPage);
    const Extent whole = extent_of(std::move(another), 0, 3 * kPage);

    CHECK(write_bytes(middle, std::string(kPage, 'x')));

    CHECK(bytes_of(middle, kPage) == std::string(kPage, 'x'));
    CHECK(bytes_of(whole, 3 * kPage) ==
          std::string(kPage, '\0') + std::string(kPage, 'x') + std::string(kPage, '\0'));
}

TEST_CASE("extent bytes: beyond the end of the file there are none", "[core]")
{
    const Extent extent = extent_of(*sys::memfd("bytes", kPage), 0, 2 * kPage);

    CHECK(bytes_of(extent, 2 * kPage) == std::string(kPage, '\0') + std::string(kPage, '?'));
}

TEST_CASE("extent bytes: files of huge pages are written to over the end of a page", "[core]")
{
    auto file = sys::huge_memfd("bytes", 2 * kHugePage, kHugePage);
    if (!file)
        return;
    const Extent extent = extent_of(*std::move(file), kHugePage - kPage, 2 * kPage);

    const auto written = write_bytes(extent, std::string(2 * kPage, 'x'));
    if (!written)
        return; // there are none free

    CHECK(bytes_of(extent, 2 * kPage) == std::string(2 * kPage, 'x'));
}
