// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "core/result.h"
#include "cuse/node.h"
#include "tools/dmaheapd/permissions.h"

/// Who may open a node, and how a node that is there already comes to that.
namespace dmaheap::daemon {

/// What decides who may open a file, at one moment.
struct Access {
    mode_t mode; ///< permission bits
    uid_t owner;
    gid_t group;

    friend bool operator==(const Access &, const Access &) = default;
};

/// With the accounts looked up. Throws std::runtime_error, which begins with `whose`, when one has
/// gone since the config was read.
cuse::NodePermissions resolved(const std::string &whose, const config::Permissions &permissions);

/// How a file gets from `now` to `wanted`, moment by moment: each differs from the one before it
/// either in the mode or in whom it belongs to. At none of them may anybody do what neither `now`
/// nor `wanted` allows.
std::vector<Access> way(const Access &now, const Access &wanted);

/// Gives the node what is said and leaves the rest as it is, for udev to decide. The errno of
/// stat(2), chmod(2), chown(2).
Status apply_to(const std::string &node, const cuse::NodePermissions &permissions);

} // namespace dmaheap::daemon
