// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace dmaheap::daemon {

/// Takes away what a daemon has left under this dev-root that was killed: its mounts, whichever
/// nodes the config asked for then, and the empty files on which those of ION's nodes stood. To be
/// called under the lock of the dev-root.
void remove_leftovers(const std::string &dev_root);

} // namespace dmaheap::daemon
