// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "tools/control/client.h"

namespace dmaheap::ctl {

/// What `top` shows: heaps and processes by their live bytes, most first, and how much each has
/// allocated since `before`, which was asked for `seconds` earlier.
std::string show_top(const control::Json &before, const control::Json &now, double seconds);

/// Asks and shows again and again, `rounds` times or until it is ended; 0 rounds have no end. On a
/// terminal, each look takes the place of the one before. The refusal also tells of a failed write.
control::Answer<void> run_top(control::Client &client, const control::Request &request,
                              double interval, unsigned rounds);

} // namespace dmaheap::ctl
