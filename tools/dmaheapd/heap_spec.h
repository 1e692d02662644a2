// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "tools/dmaheapd/config.h"

namespace dmaheap::config {

/// Reads the argument of `--heap`: NAME[=POLICY[,KEY=VALUE]...]. The name ends at the first '=',
/// so that it may hold commas ("linux,cma"). Throws Refused.
Heap parse_heap_spec(std::string_view spec);

} // namespace dmaheap::config
