// SPDX-License-Identifier: MIT
#pragma once

namespace dmaheap::run {

/// Moves this process, which must have one thread, into a mount namespace of its own: mounts that
/// it makes are seen by nobody else. Who may not do that gets a user namespace, too, in which user
/// and group have the numbers that they had, and where this process has all capabilities until it
/// executes another program. Throws Unavailable.
void enter_namespaces();

} // namespace dmaheap::run
