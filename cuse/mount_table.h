// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

/// The mounts of this process's mount namespace, as /proc/self/mountinfo has them.
namespace dmaheap::cuse {

struct Mount {
    int id;
    int parent; ///< the mount that it stands on
    std::string point;
    std::string type; ///< with the subtype: "fuse.dmaheapd"
    std::string source;
};

/// Empty when it cannot be read.
std::vector<Mount> read_mounts();

/// Those of the table's text.
std::vector<Mount> mounts_in(const std::string &text);

/// The one at that point that can be seen, and would be unmounted: others may be below it. Null
/// when there is none.
const Mount *topmost_at(const std::string &point, const std::vector<Mount> &mounts);

/// The path as the table spells it: without links in what is before the last name.
std::string as_in_table(const std::string &path);

} // namespace dmaheap::cuse
