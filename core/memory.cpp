// SPDX-License-Identifier: MIT
#include "core/memory.h"

#include "core/sys.h"

namespace dmaheap {

Status Memory::place()
{
    if (placed())
        return {};

    auto file = sys::memfd("dmaheapd-buffer", size_);
    if (!file)
        return std::unexpected(file.error());

    extents_.push_back(Extent{ .file = *std::move(file), .offset = 0, .size = size_ });
    return {};
}

} // namespace dmaheap
