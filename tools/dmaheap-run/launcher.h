// SPDX-License-Identifier: MIT
#pragma once

#include "tools/dmaheap-run/options.h"

namespace dmaheap::run {

/// Runs the command and returns the exit status that dmaheap-run ends with. Stands for the command
/// towards whoever started us: passes on the signals that are sent to it, stops when the command
/// is stopped. Throws std::system_error.
int launch(const Options &options);

} // namespace dmaheap::run
