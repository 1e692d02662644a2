// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace dmaheap::cuse {

/// Programs know dma-bufs by what /proc/self/fd/N links to, "/dmabuf:NAME" in the kernel. For a
/// file that is its path: here "/dmabuf:7".
inline constexpr std::string_view kBufferNamePrefix = "dmabuf:";

inline std::string name_of(std::uint64_t id)
{
    return std::string(kBufferNamePrefix) + std::to_string(id);
}

/// 0, which no file has, for other names.
inline std::uint64_t id_of(std::string_view name)
{
    std::uint64_t id = 0;
    if (name.starts_with(kBufferNamePrefix))
        std::from_chars(name.data() + kBufferNamePrefix.size(), name.data() + name.size(), id);
    return id;
}

} // namespace dmaheap::cuse
