// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "cuse/delivery/registers.h"
#include "cuse/delivery/remote_memory.h"

namespace dmaheap::delivery {

/// What a recvmsg in the caller needs in the caller's memory: the header, one range for the
/// payload, and room for one descriptor; laid out as the caller's ABI has them. Plain bytes.
class Inbox {
public:
    static constexpr std::size_t kSize = 128;
    using Image = std::array<std::byte, kSize>;

    /// An inbox that stands at `at` and receives its payload straight into `payload`.
    static Image image(Abi abi, RemoteAddress at, RemoteAddress payload, std::size_t payload_size);

    /// Reads an inbox after the recvmsg: the number of the received descriptor; nothing when it
    /// was cut off, which is what the kernel does to a process that may have no further one.
    static std::optional<int> received(Abi abi, std::span<const std::byte, kSize> image);
};

} // namespace dmaheap::delivery
