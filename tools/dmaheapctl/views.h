// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "tools/control/protocol.h"

/// What the daemon answers, as people read it.
namespace dmaheap::ctl {

std::string show_status(const control::Json &status);
std::string show_heaps(const control::Json &heaps);
/// `now`: seconds since 1970.
std::string show_buffers(const control::Json &buffers, double now);
std::string show_limits(const control::Json &limits);
std::string show_faults(const control::Json &faults);

} // namespace dmaheap::ctl
