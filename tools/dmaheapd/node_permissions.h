// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "tools/dmaheapd/config.h"

/// Who may open a node, and how a node that is there already comes to that.
namespace dmaheap::daemon {

/// What the config says of a heap's nodes.
struct NodePermissions {
    std::optional<mode_t> mode;
    std::optional<uid_t> owner;
    std::optional<gid_t> group;
};

/// What decides who may open a file, at one moment.
struct Access {
    mode_t mode; ///< permission bits
    uid_t owner;
    gid_t group;

    friend bool operator==(const Access &, const Access &) = default;
};

/// Throws std::runtime_error when the heap's owner or group has gone since the config was read.
NodePermissions permissions_of(const config::Heap &heap);

/// How a file gets from `now` to `wanted`, moment by moment: each differs from the one before it
/// either in the mode or in whom it belongs to. At none of them may anybody do what neither `now`
/// nor `wanted` allows.
std::vector<Access> way(const Access &now, const Access &wanted);

/// Gives the node what is said and leaves the rest as it is, for udev to decide. The errno of
/// stat(2), chmod(2), chown(2).
Status apply_to(const std::string &node, const NodePermissions &permissions);

} // namespace dmaheap::daemon
