// SPDX-License-Identifier: MIT
#pragma once

#include "core/size.h"

namespace dmaheap {

/// About how much memory this process could still take before others, or it, suffer: what the
/// machine has available, and what each memory cgroup above us (version 2) leaves.
Bytes available_memory();

} // namespace dmaheap
