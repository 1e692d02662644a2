// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <sys/stat.h>

#include "core/result.h"
#include "core/unique_fd.h"

/// Mounts of our own, made with the kernel's calls: no helper program, nothing in a table.
namespace dmaheap::cuse {

/// What /proc/self/mountinfo shows as the type of our mounts.
inline constexpr const char *kMountType = "fuse.dmaheapd";

/// A FUSE mount that is not in the tree of files: it can be seen only through `root`, and goes with
/// it and with the files open on it.
struct DetachedMount {
    UniqueFd channel; ///< /dev/fuse, for a Channel
    UniqueFd root;    ///< for openat and move_mount
};

enum class Permissions {
    unchecked, ///< only by the daemon
    by_mode,   ///< by the kernel: mode, owner and group of each file (default_permissions)
};

struct MountOptions {
    Permissions permissions;
    mode_t root = S_IFDIR; ///< or S_IFREG: what its root is
    std::string place;     ///< where it is going to be attached: its source tells
};

/// For any user of the machine (allow_other).
Result<DetachedMount> make_mount(const MountOptions &options);

/// A mount attached at a folder; taken away again when it is destroyed.
class AttachedMount {
public:
    /// Puts a detached mount at `folder`. Asks nothing of who serves it.
    static Result<AttachedMount> attach(int mount, std::string folder);

    AttachedMount(AttachedMount &&other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    AttachedMount(const AttachedMount &) = delete;
    AttachedMount &operator=(const AttachedMount &) = delete;
    AttachedMount &operator=(AttachedMount &&) = delete;
    ~AttachedMount();

private:
    explicit AttachedMount(std::string folder) : folder_(std::move(folder)) {}

    std::string folder_;
};

/// Takes away mounts of ours that stand where they were made for: of a daemon that was killed, when
/// no other one can be there. What somebody else has put on top, or there from elsewhere, stays.
/// Returns how many there were.
unsigned remove_stale_mounts(const std::string &place);

/// The places in a folder at which there are such mounts; one may be named twice.
std::vector<std::string> stale_mounts_in(const std::string &folder);

} // namespace dmaheap::cuse
