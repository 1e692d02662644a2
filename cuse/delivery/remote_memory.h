// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap::delivery {

/// An address in another process. Cannot be dereferenced by mistake.
enum class RemoteAddress : std::uint64_t {};

constexpr RemoteAddress operator+(RemoteAddress address, std::uint64_t offset)
{
    return RemoteAddress{ static_cast<std::uint64_t>(address) + offset };
}

/// The memory of another process. EFAULT unless all of the bytes could be moved.
class RemoteMemory {
public:
    /// `thread`: any thread of the process.
    explicit RemoteMemory(pid_t thread) : thread_(thread) {}

    [[nodiscard]] Status read(RemoteAddress from, std::span<std::byte> into) const;
    /// As much as can be read from `from` on, up to the first page that is not there.
    [[nodiscard]] Result<std::size_t> read_some(RemoteAddress from,
                                                std::span<std::byte> into) const;
    [[nodiscard]] Status write(RemoteAddress to, std::span<const std::byte> bytes) const;

private:
    pid_t thread_;
};

} // namespace dmaheap::delivery
