// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "tools/control/protocol.h"

/// Regions as pictures: what is used, what is free, what is held back for one heap.
namespace dmaheap::ctl {

/// For each region a line of figures, and one of blocks that are as wide as the terminal has room.
std::string show_regions(const control::Json &regions);

/// One bar for each region, as an SVG file.
std::string svg_of_regions(const control::Json &regions);

} // namespace dmaheap::ctl
