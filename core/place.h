// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "core/extents.h"
#include "core/inode.h"
#include "core/memory.h"

namespace dmaheap {

/// Where memory is, for somebody who has not taken it himself: bytes of a file.
struct Place {
    Inode file{};
    std::vector<Range> ranges; ///< empty: nowhere in particular

    friend bool operator==(const Place &, const Place &) = default;
};

/// Nowhere in particular for memory that is not placed, or not all of one file.
Place place_of(const Memory &memory);

bool overlap(const Place &one, const Place &other);

} // namespace dmaheap
