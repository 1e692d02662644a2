// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap::cuse {

/// What dma_buf_ioctl() of the kernel says to an ioctl on a buffer, as far as user space can tell:
/// SYNC has nothing to do, a name is checked and forgotten, and there are no fences.
///
/// `in`: the bytes that the kernel copied for the command. `argument`: where they stand in the
/// calling thread; a name may be longer than what was copied.
Status dma_buf_ioctl(pid_t thread, std::uint32_t command, std::uint64_t argument,
                     std::span<const std::byte> in);

} // namespace dmaheap::cuse
