// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

namespace dmaheap::config {

/// Who may open a node, as the config says it.
struct Permissions {
    std::optional<mode_t> mode;       ///< 0600 when not given
    std::optional<std::string> owner; ///< user name or number; root when not given
    std::optional<std::string> group; ///< group name or number; root when not given

    friend bool operator==(const Permissions &, const Permissions &) = default;
};

} // namespace dmaheap::config
