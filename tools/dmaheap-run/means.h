// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "tools/dmaheap-run/options.h"

/// What this machine has got, found out by trying once.
namespace dmaheap::run {

/// Why the seccomp delivery is not to be had, for a user; nothing when it is.
std::optional<std::string> missing_for_notification();

/// Never returns Delivery::automatic, and says so on stderr when that becomes ptrace. Throws
/// Unavailable when the one asked for is not to be had.
Delivery choose_delivery(Delivery wanted);

/// Throws Unavailable when /dev/fuse cannot be opened.
void require_fuse();

} // namespace dmaheap::run
