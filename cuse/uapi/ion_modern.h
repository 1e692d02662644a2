// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "cuse/uapi/command.h"

/// ION as Linux 4.12 to 5.10 had it. No kernel header has it any more.
namespace dmaheap::uapi::ion {

constexpr std::uint32_t kAlloc = 0xc0184900;
constexpr std::uint32_t kHeapQuery = 0xc0184908;
constexpr std::uint32_t kAbiVersion = 0x80044909; ///< Android's

/// struct ion_allocation_data.
struct Allocation {
    std::uint64_t len;
    std::uint32_t heap_id_mask;
    std::uint32_t flags;
    std::uint32_t fd;
    std::uint32_t unused;
};
static_assert(sizeof(Allocation) == 24 && kAlloc == _IOWR('I', 0, Allocation));
static_assert(offsetof(Allocation, heap_id_mask) == 8 && offsetof(Allocation, fd) == 16);

/// struct ion_heap_query.
struct HeapQuery {
    std::uint32_t cnt;
    std::uint32_t reserved0;
    std::uint64_t heaps; ///< address of an array of HeapData in the caller, or 0
    std::uint32_t reserved1;
    std::uint32_t reserved2;
};
static_assert(sizeof(HeapQuery) == 24 && kHeapQuery == _IOWR('I', 8, HeapQuery));
static_assert(offsetof(HeapQuery, heaps) == 8 && offsetof(HeapQuery, reserved1) == 16);

/// MAX_HEAP_NAME: a name and its terminating NUL.
constexpr std::size_t kHeapNameLength = 32;

/// struct ion_heap_data.
struct HeapData {
    std::array<char, kHeapNameLength> name;
    std::uint32_t type;
    std::uint32_t heap_id;
    std::uint32_t reserved0;
    std::uint32_t reserved1;
    std::uint32_t reserved2;
};
static_assert(sizeof(HeapData) == 52);
static_assert(offsetof(HeapData, type) == 32 && offsetof(HeapData, heap_id) == 36);
static_assert(kAbiVersion == _IOR('I', 9, std::uint32_t));

/// The largest struct of a command: more is EINVAL before anything else, as in ion_ioctl().
constexpr std::size_t kLargestArgument = 24;

/// enum ion_heap_type.
enum class HeapType : std::uint32_t {
    system = 0,
    system_contig = 1,
    carveout = 2,
    chunk = 3,
    dma = 4,
    custom = 5,
};

/// A mask has 32 bits.
constexpr unsigned kHeapIds = 32;

} // namespace dmaheap::uapi::ion
