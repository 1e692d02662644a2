// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace dmaheap {

using Bytes = std::uint64_t;

/// Size of an ordinary page of this machine.
Bytes page_size();

/// Rounds up to whole pages. EINVAL for 0 and for sizes whose rounding overflows to 0, as
/// dma_heap_buffer_alloc() in the kernel does.
Result<Bytes> page_aligned(Bytes size);

/// "4096", "64K", "64KiB", "4M", "4MiB", "1G", "1GiB": powers of 1024, case does not matter.
/// EINVAL for anything else, ERANGE for what does not fit.
Result<Bytes> parse_size(std::string_view text);

/// The shortest exact spelling that parse_size() reads back: "64MiB", "4096" becomes "4KiB".
std::string format_size(Bytes size);

/// Physical memory of this machine.
Bytes machine_memory();

} // namespace dmaheap
