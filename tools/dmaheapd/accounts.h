// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap::config {

/// The id of a user, given by name or by number; a user whose name is that number wins, as with
/// chown(1). ENOENT when there is no such user, ERANGE for a number that is no id. Blocks while
/// the machine's user database is asked.
Result<uid_t> resolve_owner(const std::string &user);

/// The same for a group.
Result<gid_t> resolve_group(const std::string &group);

/// What is wrong with a text that was not resolved, as the end of a sentence that begins with it.
std::string why_no_account(const Error &error);

} // namespace dmaheap::config
