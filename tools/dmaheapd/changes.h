// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "tools/dmaheapd/config.h"

namespace dmaheap::daemon {

/// What becomes of the heaps of one config when another takes its place.
struct Changes {
    std::vector<std::string> gone;      ///< names of heaps; those that are made anew are among them
    std::vector<config::Heap> made;     ///< that were not there, or not with such memory
    std::vector<config::Heap> adjusted; ///< with other limits, permissions or aliases only
    std::vector<std::string> not_now;   ///< settings that are taken up at start only
};

/// Pure.
Changes compare(const config::Config &old, const config::Config &next);

/// Whether a heap that is made as the one would have the memory of the other.
bool same_memory(const config::Heap &one, const config::Heap &other);

/// `next`, with what is taken up at start only as it is in `old`.
config::Config as_served(const config::Config &old, config::Config next);

} // namespace dmaheap::daemon
