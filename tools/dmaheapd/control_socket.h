// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "tools/control/commands.h"
#include "tools/control/server.h"
#include "tools/dmaheapd/config.h"

namespace dmaheap::daemon {

/// Opens the socket that dmaheapctl talks to, where the config wants it; null when it wants none,
/// and when the default place cannot be had, which is logged. Throws std::runtime_error when a
/// place that was asked for cannot be had.
std::unique_ptr<control::Server> open_control(const config::Config &config, control::World world);

} // namespace dmaheap::daemon
