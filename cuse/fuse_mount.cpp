// SPDX-License-Identifier: MIT
#include "cuse/fuse_mount.h"

#include <array>
#include <cctype>
#include <charconv>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mount.h>

#include "core/sys.h"

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

Status configure(int context_fd, int channel, Permissions permissions, mode_t root)
{
    Context context(context_fd);
    context.set("source", kSubtype);
    context.set("subtype", kSubtype);
    context.set("fd", std::to_string(channel));
    context.set("rootmode", in_octal(root));
    context.set("user_id", std::to_string(::geteuid())); // in a user namespace 0 may not exist
    context.set("group_id", std::to_string(::getegid()));
    context.set_flag("allow_other");
    if (permissions == Permissions::by_mode)
        context.set_flag("default_permissions");
    return context.create();
}

/// Whoever owns the folder around may have put a link in the place of the mount by now: then
/// somebody else's would go.
int unmount(const std::string &folder)
{
    return ::umount2(folder.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

/// Undoes the octal escapes of /proc/self/mountinfo.
std::string unescape(const std::string &text)
{
    constexpr int kOctal = 8;
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size()) {
            plain += static_cast<char>(std::stoi(text.substr(at + 1, 3), nullptr, kOctal));
            at += 3;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

/// Whether a line of /proc/self/mountinfo is a mount of ours at `folder`.
bool is_ours(const std::string &line, const std::string &folder)
{
    std::istringstream fields(line);
    std::string ignored;
    std::string point;
    fields >> ignored >> ignored >> ignored >> ignored >> point;
    const bool type = line.find(std::string(" - ") + kMountType + " ") != std::string::npos;
    return type && unescape(point) == folder;
}

} // namespace

Result<DetachedMount> make_mount(Permissions permissions, mode_t root)
{
    auto channel = sys::open("/dev/fuse", O_RDWR | O_NONBLOCK);
    if (!channel)
        return std::unexpected(channel.error());

    const auto context = check("fsopen", ::fsopen("fuse", FSOPEN_CLOEXEC));
    if (!context)
        return std::unexpected(context.error());

    const UniqueFd owned_context(*context);
    if (auto created = configure(owned_context.get(), channel->get(), permissions, root); !created)
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

unsigned remove_stale_mounts(const std::string &folder)
{
    const auto table = sys::read_text("/proc/self/mountinfo");
    std::istringstream lines(table ? *table : "");
    unsigned removed = 0;
    for (std::string line; std::getline(lines, line);)
        if (is_ours(line, folder) && unmount(folder) == 0)
            ++removed;
    return removed;
}

} // namespace dmaheap::cuse
