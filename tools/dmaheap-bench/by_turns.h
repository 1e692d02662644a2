// SPDX-License-Identifier: MIT
#pragma once

#include "tools/dmaheap-bench/descriptor.h"
#include "tools/dmaheap-bench/pace.h"
#include "tools/dmaheap-bench/result.h"
#include "tools/dmaheap-bench/statistics.h"

namespace dmaheap::bench {

/// 4 KiB allocated and closed, the bare ioctl and the single step on one CPU, in stretches by
/// turns, each until `limit`: what else the machine does meets all three. The steps are made on the
/// CPU on which the allocations before them have ended. The figures are the medians.
Result<AgainstFloor> compare_with_floor(const Descriptor &node, unsigned steps, Limit limit);

} // namespace dmaheap::bench
