// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "cuse/device.h"

namespace dmaheap::cuse {

/// Who may open a node, as far as that is said.
struct NodePermissions {
    std::optional<mode_t> mode; ///< permission bits
    std::optional<uid_t> owner;
    std::optional<gid_t> group;
};

/// A name under which clients find a device.
struct Node {
    std::string name;
    Device *device;
    NodePermissions permissions;
};

} // namespace dmaheap::cuse
