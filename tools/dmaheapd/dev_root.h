// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/unique_fd.h"
#include "tools/dmaheapd/config.h"

namespace dmaheap::daemon {

/// Holds the folder under which the nodes appear, against a second daemon. The lock is the
/// kernel's (flock) and ends with the process, however that ends.
class DevRootLock {
public:
    /// Throws std::runtime_error when another daemon holds it or it cannot be opened.
    explicit DevRootLock(const std::string &dev_root);

private:
    UniqueFd folder_;
};

/// The heaps whose name is still free in `folder`, or the name of one of `our` nodes, with those of
/// their aliases that are. Throws std::runtime_error for a name that is taken, of a heap that does
/// not say on-conflict = "skip".
std::vector<config::Heap> without_conflicts(const std::vector<config::Heap> &heaps,
                                            const std::string &folder,
                                            const std::set<std::string> &our = {});

/// The ION nodes whose name is still free in `dev_root`, by the same rules. Where nodes are files
/// of mounts, an empty file is no conflict: it is one that was put there to be mounted on.
std::vector<config::Ion> without_conflicts(const std::vector<config::Ion> &nodes,
                                           const std::string &dev_root, config::Frontend frontend);

/// Throws std::runtime_error when a mount on `folder` would hide something.
void require_empty(const std::string &folder);

} // namespace dmaheap::daemon
