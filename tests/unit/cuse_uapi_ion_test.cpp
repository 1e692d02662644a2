// SPDX-License-Identifier: MIT
#include <cstring>

#include "cuse/uapi/ion_legacy.h"
#include "cuse/uapi/ion_modern.h"
#include "tests/support/catch.h"

using namespace dmaheap::uapi;

TEST_CASE("ion: the three ALLOCs differ in size only, so commands are matched whole", "[uapi]")
{
    CHECK(number_of(ion::kAlloc) == number_of(ion_legacy::kAlloc));
    CHECK(number_of(ion::kAlloc) == number_of(ion_legacy::kAlloc32));
    CHECK(size_of(ion::kAlloc) == 24);
    CHECK(size_of(ion_legacy::kAlloc) == 32);
    CHECK(size_of(ion_legacy::kAlloc32) == 20);
}

TEST_CASE("ion: a struct survives being encoded and decoded", "[uapi]")
{
    const ion::HeapQuery query{
        .cnt = 3, .reserved0 = 1, .heaps = 0x7fff12345678, .reserved1 = 2, .reserved2 = 4
    };

    const auto bytes = encode(query);
    const auto decoded = decode<ion::HeapQuery>(bytes);

    CHECK(bytes.size() == 24);
    CHECK(decoded.cnt == 3);
    CHECK(decoded.heaps == 0x7fff12345678);
    CHECK(decoded.reserved2 == 4);
}

TEST_CASE("ion: an allocation of a program of 32 bits means the same as one of 64", "[uapi]")
{
    const ion_legacy::Allocation32 narrow{
        .len = 0xfffff000, .align = 4096, .heap_id_mask = 0x80000001, .flags = 3, .handle = -1
    };

    const auto wide = ion_legacy::widened(narrow);

    CHECK(wide.len == 0xfffff000); // not sign-extended
    CHECK(wide.align == 4096);
    CHECK(wide.heap_id_mask == 0x80000001);
    CHECK(wide.flags == 3);
    CHECK(wide.handle == -1);
}

TEST_CASE("ion: fields stand where programs of the time put them", "[uapi]")
{
    std::array<std::uint8_t, 24> passed{};
    passed[0] = 0x10;  // len
    passed[8] = 0x11;  // heap_id_mask
    passed[12] = 0x12; // flags
    passed[16] = 0x13; // fd

    const auto asked = decode<ion::Allocation>(std::as_bytes(std::span(passed)));

    CHECK(asked.len == 0x10);
    CHECK(asked.heap_id_mask == 0x11);
    CHECK(asked.flags == 0x12);
    CHECK(asked.fd == 0x13);
}
