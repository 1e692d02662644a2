// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/inheritance.h"

namespace dmaheap::daemon {

/// The service manager keeps descriptors for the daemon that comes next: sd_pid_notify_with_fds(3)
/// with FDSTORE=1, sd_listen_fds_with_names(3).
namespace store {

/// What a daemon leaves.
struct Left {
    std::optional<Estate> estate;            ///< nothing when there was none
    std::map<std::string, UniqueFd> regions; ///< their files, by name_of_region()
};

/// To be called once, before there are threads: it changes the environment.
Left take();

/// Gives it to the service manager; false when there is none that we know of.
bool leave(const Estate &estate);

/// Under which the file of a region is kept, for a key that may be any text.
std::string name_of_region(std::string_view key);
bool leave_region(const std::string &name, int file);

/// Has it forget what it keeps.
void clear_estate();
void clear_region(const std::string &name);

} // namespace store

} // namespace dmaheap::daemon
