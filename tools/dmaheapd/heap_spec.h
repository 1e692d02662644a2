// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include "tools/dmaheapd/config.h"

namespace dmaheap::config {

/// Reads the argument of `--heap`: NAME[=POLICY[,KEY=VALUE]...]. The name ends at the first '=',
/// so that it may hold commas ("linux,cma"). Throws Refused.
Heap parse_heap_spec(std::string_view spec);

/// What is served when nobody says anything: "system", and "linux,cma" with the other names by
/// which programs look for it. Each gives way to what the kernel has.
std::vector<Heap> default_heaps();

} // namespace dmaheap::config
