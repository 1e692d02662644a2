// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

#include "core/result.h"

namespace dmaheap::cuse {

/// Ids of a user namespace that stand for ids of the daemon's: a line of /proc/TID/uid_map.
struct IdRange {
    std::uint64_t first; ///< in the daemon's user namespace
    std::uint64_t count;
};

/// As whom a thread opens files.
struct Credentials {
    uid_t user = 0;  ///< its fsuid
    gid_t group = 0; ///< its fsgid
    std::vector<gid_t> groups;
    std::uint64_t capabilities = 0; ///< effective, in the thread's own user namespace
    std::vector<IdRange> users;     ///< which that namespace has
    std::vector<IdRange> all_groups;

    /// Whether it may pass over the permissions of a file of these ids: CAP_DAC_OVERRIDE, in a user
    /// namespace that has both of them, as capable_wrt_inode_uidgid() has it.
    [[nodiscard]] bool overrides(uid_t owner, gid_t owning_group) const;

    /// Whether it may open a file for reading and writing by owner, group and mode, as
    /// generic_permission() has it without ACLs.
    [[nodiscard]] bool may_use(const struct stat &file) const;

    /// Whether it may reach what lies in a folder.
    [[nodiscard]] bool may_enter(const struct stat &folder) const;

private:
    [[nodiscard]] bool granted(const struct stat &file, mode_t wanted) const;
};

/// Reads the ids, groups and capabilities out of the text of /proc/TID/status, EINVAL if they are
/// not all there.
Result<Credentials> parse_status(std::string_view status);

/// Reads the text of /proc/TID/uid_map or gid_map.
std::vector<IdRange> parse_id_map(std::string_view text);

/// Of a thread that waits for a reply, so that they stay as they are. EACCES when it cannot be
/// looked at.
Result<Credentials> credentials_of(pid_t thread);

} // namespace dmaheap::cuse
