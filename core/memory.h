// SPDX-License-Identifier: MIT
#pragma once

#include <utility>
#include <vector>

#include "core/result.h"
#include "core/size.h"
#include "core/unique_fd.h"

namespace dmaheap {

/// A run of bytes of a file of memory (a memfd). Offset and size are whole pages.
struct Extent {
    UniqueFd file;
    Bytes offset;
    Bytes size;
};

/// What a policy hands out: the memory of one buffer, in the order in which the buffer shows it.
/// Given back when it is destroyed.
class Memory {
public:
    explicit Memory(Extent extent) : size_(extent.size) { extents_.push_back(std::move(extent)); }

    /// Ordinary pages, whichever there are. No file stands for them yet: the exporter uses one that
    /// it has at hand, or place().
    static Memory any_pages(Bytes size) { return Memory(size); }

    [[nodiscard]] Bytes size() const { return size_; }

    /// Empty for memory that has not been placed.
    [[nodiscard]] const std::vector<Extent> &extents() const { return extents_; }
    [[nodiscard]] bool placed() const { return !extents_.empty(); }

    /// Gives any_pages() a file of zeroes, if it has none yet.
    Status place();

private:
    explicit Memory(Bytes size) : size_(size) {}

    Bytes size_;
    std::vector<Extent> extents_;
};

} // namespace dmaheap
