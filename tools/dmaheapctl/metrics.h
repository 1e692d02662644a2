// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "tools/control/protocol.h"

namespace dmaheap::ctl {

/// What the daemon says of its heaps, as OpenMetrics text 1.0.
std::string open_metrics(const control::Json &heaps);

} // namespace dmaheap::ctl
