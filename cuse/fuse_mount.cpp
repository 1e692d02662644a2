// SPDX-License-Identifier: MIT
#include "cuse/fuse_mount.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mount.h>

#include "core/inode.h"
#include "core/sys.h"
#include "cuse/mount_table.h"

namespace dmaheap::cuse {

namespace {

constexpr const char *kSubtype = "dmaheapd";

/// A file system context that takes options one by one, as mount(8) does with fsconfig(2).
class Context {
public:
    explicit Context(int fd) : fd_(fd) {}

    void set(const char *key, const std::string &value)
    {
        configure(FSCONFIG_SET_STRING, key, value.c_str());
    }
    void set_flag(const char *key) { configure(FSCONFIG_SET_FLAG, key, nullptr); }
    [[nodiscard]] Status create()
    {
        configure(FSCONFIG_CMD_CREATE, nullptr, nullptr);
        return status_;
    }

private:
    void configure(unsigned command, const char *key, const char *value)
    {
        if (status_)
            status_ = check_done("fsconfig", ::fsconfig(fd_, command, key, value, 0));
    }

    int fd_;
    Status status_;
};

/// As the option rootmode wants it.
std::string in_octal(mode_t mode)
{
    constexpr int kOctal = 8;
    std::array<char, 16> text{};
    const auto end = std::to_chars(text.begin(), text.end(), mode, kOctal).ptr;
    return { text.begin(), end };
}

/// The place, and in which folder, since another one may have been mounted over that, or stand at
/// the same path in another mount namespace. The kernel takes no longer option.
std::string source_for(const std::string &place)
{
    constexpr std::size_t kMost = 255;
    if (place.empty())
        return kSubtype;

    std::string full = as_in_table(place);
    const auto folder = inode_of(std::filesystem::path(full).parent_path().string());
    if (folder)
        full += '@' + std::to_string(folder->device) + ':' + std::to_string(folder->inode);
    return full.substr(full.size() - std::min(full.size(), kMost));
}

Status configure(int context_fd, int channel, const MountOptions &options)
{
    Context context(context_fd);
    context.set("source", source_for(options.place));
    context.set("subtype", kSubtype);
    context.set("fd", std::to_string(channel));
    context.set("rootmode", in_octal(options.root));
    context.set("user_id", std::to_string(::geteuid())); // in a user namespace 0 may not exist
    context.set("group_id", std::to_string(::getegid()));
    context.set_flag("allow_other");
    if (options.permissions == Permissions::by_mode)
        context.set_flag("default_permissions");
    return context.create();
}

/// Whoever owns the folder around may have put a link in the place of the mount by now: then
/// somebody else's would go.
int unmount(const std::string &folder)
{
    return ::umount2(folder.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

bool is_ours(const Mount &mount)
{
    return mount.type == kMountType && mount.source == source_for(mount.point);
}

} // namespace

Result<DetachedMount> make_mount(const MountOptions &options)
{
    auto channel = sys::open("/dev/fuse", O_RDWR | O_NONBLOCK);
    if (!channel)
        return std::unexpected(channel.error());

    const auto context = check("fsopen", ::fsopen("fuse", FSOPEN_CLOEXEC));
    if (!context)
        return std::unexpected(context.error());

    const UniqueFd owned_context(*context);
    if (auto created = configure(owned_context.get(), channel->get(), options); !created)
        return std::unexpected(created.error());

    const auto mount = check("fsmount", ::fsmount(owned_context.get(), FSMOUNT_CLOEXEC,
                                                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
    if (!mount)
        return std::unexpected(mount.error());

    return DetachedMount{ .channel = *std::move(channel), .root = UniqueFd(*mount) };
}

Result<AttachedMount> AttachedMount::attach(int mount, std::string folder)
{
    if (auto moved = check_done("move_mount", ::move_mount(mount, "", AT_FDCWD, folder.c_str(),
                                                           MOVE_MOUNT_F_EMPTY_PATH));
        !moved)
        return std::unexpected(moved.error());

    return AttachedMount(std::move(folder));
}

AttachedMount::~AttachedMount()
{
    if (!folder_.empty())
        unmount(folder_);
}

unsigned remove_stale_mounts(const std::string &place)
{
    const std::string point = as_in_table(place);
    for (unsigned removed = 0;; ++removed) {
        const auto mounts = read_mounts();
        const Mount *const top = topmost_at(point, mounts);
        if (!top || !is_ours(*top) || unmount(point) != 0)
            return removed;
    }
}

std::vector<std::string> stale_mounts_in(const std::string &folder)
{
    std::error_code missing;
    const auto around = std::filesystem::canonical(folder, missing);
    std::vector<std::string> places;
    for (const Mount &mount : read_mounts())
        if (is_ours(mount) && std::filesystem::path(mount.point).parent_path() == around)
            places.push_back(mount.point);
    return places;
}

} // namespace dmaheap::cuse
