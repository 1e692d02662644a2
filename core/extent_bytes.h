// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "core/memory.h"

namespace dmaheap {

/// Reads the first bytes of an extent. What is beyond the end of the file is left as it is.
Status read_bytes(const Extent &from, std::span<char> into);

/// Writes them, also to a file of huge pages, which has no write(2).
Status write_bytes(const Extent &into, std::span<const char> bytes);

} // namespace dmaheap
