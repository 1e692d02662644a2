// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuse/uapi/command.h"

/// ION as Linux 3.4 to 4.11 had it: handles, which a program turns into descriptors. Programs of 32
/// bits have layouts of their own where there is a size_t or an unsigned long.
namespace dmaheap::uapi::ion_legacy {

constexpr std::uint32_t kAlloc = 0xc0204900;
constexpr std::uint32_t kFree = 0xc0044901;
constexpr std::uint32_t kMap = 0xc0084902;
constexpr std::uint32_t kShare = 0xc0084904;
constexpr std::uint32_t kImport = 0xc0084905;
constexpr std::uint32_t kCustom = 0xc0104906;
constexpr std::uint32_t kSync = 0xc0084907;

constexpr std::uint32_t kAlloc32 = 0xc0144900;
constexpr std::uint32_t kCustom32 = 0xc0084906;

/// struct ion_allocation_data, of a program of 64 bits.
struct Allocation {
    std::uint64_t len;
    std::uint64_t align;
    std::uint32_t heap_id_mask;
    std::uint32_t flags;
    std::int32_t handle;
};
static_assert(sizeof(Allocation) == 32 && kAlloc == _IOWR('I', 0, Allocation));
static_assert(offsetof(Allocation, heap_id_mask) == 16 && offsetof(Allocation, handle) == 24);

/// The same of a program of 32 bits.
struct Allocation32 {
    std::uint32_t len;
    std::uint32_t align;
    std::uint32_t heap_id_mask;
    std::uint32_t flags;
    std::int32_t handle;
};
static_assert(sizeof(Allocation32) == 20 && kAlloc32 == _IOWR('I', 0, Allocation32));
static_assert(offsetof(Allocation32, heap_id_mask) == 8 && offsetof(Allocation32, handle) == 16);

/// struct ion_handle_data.
struct Handle {
    std::int32_t handle;
};
static_assert(sizeof(Handle) == 4 && kFree == _IOWR('I', 1, Handle));

/// struct ion_fd_data.
struct HandleFd {
    std::int32_t handle;
    std::int32_t fd;
};
static_assert(sizeof(HandleFd) == 8 && offsetof(HandleFd, fd) == 4);
static_assert(kMap == _IOWR('I', 2, HandleFd) && kShare == _IOWR('I', 4, HandleFd));
static_assert(kImport == _IOWR('I', 5, HandleFd) && kSync == _IOWR('I', 7, HandleFd));

/// struct ion_custom_data.
struct Custom {
    std::uint32_t cmd;
    std::uint64_t arg;
};
static_assert(sizeof(Custom) == 16 && kCustom == _IOWR('I', 6, Custom));
static_assert(kCustom32 == _IOWR('I', 6, std::uint64_t));

/// The largest struct of a command: more is EINVAL before anything else, as in ion_ioctl().
constexpr std::size_t kLargestArgument = 32;

/// ALLOC of either kind of program, in the words of the larger one.
constexpr Allocation widened(const Allocation32 &asked)
{
    return { .len = asked.len,
             .align = asked.align,
             .heap_id_mask = asked.heap_id_mask,
             .flags = asked.flags,
             .handle = asked.handle };
}

} // namespace dmaheap::uapi::ion_legacy
