// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include <linux/ioctl.h>

/// What the bytes of an ioctl mean. Pure: bytes in, values out.
namespace dmaheap::uapi {

/// The number part of a command, which is all that the kernel's dma-heap looks at.
constexpr unsigned number_of(std::uint32_t command)
{
    return _IOC_NR(command);
}

/// Bytes of the struct of the command.
constexpr std::size_t size_of(std::uint32_t command)
{
    return _IOC_SIZE(command);
}

/// Bytes that the command carries back to the caller; 0 for _IO and _IOW.
constexpr std::size_t bytes_out(std::uint32_t command)
{
    return (_IOC_DIR(command) & _IOC_READ) != 0 ? _IOC_SIZE(command) : 0;
}

/// The bytes of a struct, as they go back to the caller.
template <class Struct>
std::vector<std::byte> encode(const Struct &value)
{
    static_assert(std::is_trivially_copyable_v<Struct>);
    std::vector<std::byte> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

/// Reads a struct; what the bytes do not hold is zero, as in dma_heap_ioctl().
template <class Struct>
Struct decode(std::span<const std::byte> bytes)
{
    static_assert(std::is_trivially_copyable_v<Struct>);
    Struct value{};
    std::ranges::copy(bytes.first(std::min(bytes.size(), sizeof value)),
                      std::as_writable_bytes(std::span(&value, 1)).begin());
    return value;
}

} // namespace dmaheap::uapi
