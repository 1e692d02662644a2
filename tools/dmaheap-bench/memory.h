// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "tools/dmaheap-bench/descriptor.h"
#include "tools/dmaheap-bench/pace.h"
#include "tools/dmaheap-bench/result.h"
#include "tools/dmaheap-bench/statistics.h"

namespace dmaheap::bench {

/// Writing every byte of a mapping.
struct WriteTimes {
    Summary first_touch_ms; ///< of a mapping that is new
    Summary again_ms;       ///< of one that has been written
};

/// A buffer and a plain memfd of the same size, written by turns so that noise meets both.
struct MemoryComparison {
    WriteTimes buffer;
    WriteTimes memfd;
};

Result<WriteTimes> measure_memfd(std::uint64_t bytes, Limit limit);
Result<MemoryComparison> compare_memory(const Descriptor &node, std::uint64_t bytes, Limit limit);

} // namespace dmaheap::bench
