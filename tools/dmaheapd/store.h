// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "core/exporter.h"

namespace dmaheap::daemon {

/// The service manager keeps descriptors for the daemon that comes next: sd_pid_notify_with_fds(3)
/// with FDSTORE=1, sd_listen_fds_with_names(3).
namespace store {

/// What the daemon before this one has left; nothing when there was none. To be called once, before
/// there are threads: it changes the environment.
std::optional<Exporter::Estate> take();

/// Gives it to the service manager; false when there is none that we know of.
bool leave(const Exporter::Estate &estate);

/// Has it forget what it keeps.
void clear();

} // namespace store

} // namespace dmaheap::daemon
