// SPDX-License-Identifier: MIT
#pragma once

#include "tools/dmaheap-run/inherited.h"
#include "tools/dmaheap-run/options.h"

namespace dmaheap::run {

/// The process that serves the command: makes the namespaces and the nodes, starts the nanny, which
/// starts the command, and ends when the nanny ends. Returns the exit status of the process.
///
/// `events`: where it is told that nothing could be started.
int host(const Options &options, const InheritedSignals &inherited, int events);

} // namespace dmaheap::run
