// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/dev_tree.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mount.h>
#include <sys/stat.h>

#include "core/result.h"
#include "core/sys.h"
#include "tools/dmaheap-run/unavailable.h"

namespace dmaheap::run {

namespace {

constexpr const char *kDev = "/dev";
/// The old /dev, whole. A ptmx looks for its pts beside itself, which a file that is mounted alone
/// has not got.
constexpr const char *kBehind = ".dmaheap-run";

[[noreturn]] void refuse(const char *step, int error)
{
    if (error == EMFILE)
        throw Unavailable(std::string(step) + ": " + std::strerror(error) + " (see ulimit -n)");
    throw Unavailable("a /dev of its own cannot be made (" + std::string(step) + ": " +
                      std::strerror(error) +
                      "): try unshare --user --mount mount -t tmpfs none /dev; where something "
                      "forbids that (AppArmor, SELinux, a container's profile; the kernel's log "
                      "tells), allow it, or use --keep-dev");
}

void require(const char *step, int returned)
{
    if (returned == -1)
        refuse(step, errno);
}

/// A file or a tree of folders, with what is mounted there.
Result<UniqueFd> clone(int from, const char *name)
{
    const auto tree = check("open_tree", ::open_tree(from, name,
                                                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                                                         AT_RECURSIVE | AT_SYMLINK_NOFOLLOW));
    if (!tree)
        return std::unexpected(tree.error());

    return UniqueFd(*tree);
}

/// Shows a clone where there is something for it to cover.
Status show(const Result<UniqueFd> &tree, int to, const char *name)
{
    if (!tree)
        return std::unexpected(tree.error());

    return check_done("move_mount",
                      ::move_mount(tree->get(), "", to, name, MOVE_MOUNT_F_EMPTY_PATH));
}

void make_folder(int in, const char *name)
{
    constexpr mode_t kMode = 0755; // what is mounted there has its own
    require("mkdir", ::mkdirat(in, name, kMode));
}

void make_file(int in, const char *name)
{
    constexpr mode_t kMode = 0444;
    const auto file = sys::open_at(in, name, O_CREAT | O_EXCL | O_WRONLY, kMode);
    if (!file)
        refuse(file.error().step, file.error().code);
}

void copy_link(int from, int to, const char *name)
{
    std::array<char, PATH_MAX> target{};
    if (::readlinkat(from, name, target.data(), target.size() - 1) != -1)
        require("symlink", ::symlinkat(target.data(), to, name));
}

bool is_left_free(const std::string &name)
{
    return name == "dma_heap" || name == "ion" || name == kBehind;
}

/// What cannot be shown is left away, as something may go while we look.
void take_over(int from, int to, const std::string &name)
{
    struct stat status{};
    if (is_left_free(name) || ::fstatat(from, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == -1)
        return;

    if (S_ISLNK(status.st_mode))
        return copy_link(from, to, name.c_str());
    if (name == "ptmx") {
        require("symlink", ::symlinkat((std::string(kBehind) + "/ptmx").c_str(), to, "ptmx"));
        return;
    }
    if (S_ISDIR(status.st_mode))
        make_folder(to, name.c_str());
    else
        make_file(to, name.c_str());
    static_cast<void>(show(clone(from, name.c_str()), to, name.c_str()));
}

UniqueFd opened_dev()
{
    auto folder = sys::open(kDev, O_RDONLY | O_DIRECTORY);
    if (!folder)
        refuse("open /dev", folder.error().code);
    return *std::move(folder);
}

std::string working_directory()
{
    std::error_code gone;
    return std::filesystem::current_path(gone).string();
}

} // namespace

void replace_dev()
{
    const std::string here = working_directory();
    const UniqueFd old = opened_dev();
    const auto behind = clone(old.get(), "."); // before it is covered
    std::error_code unreadable;
    const std::filesystem::directory_iterator entries(kDev, unreadable);
    // Nobody but root may make files in /dev. We may, having all capabilities.
    const char *const mode = ::geteuid() == 0 ? "mode=0755" : "mode=0555";
    require("mount", ::mount("dmaheap-run", kDev, "tmpfs", MS_NOSUID | MS_NOEXEC, mode));

    const UniqueFd fresh = opened_dev();
    make_folder(fresh.get(), kBehind);
    if (auto shown = show(behind, fresh.get(), kBehind); !shown)
        refuse(shown.error().step, shown.error().code);
    for (const auto &entry : entries)
        take_over(old.get(), fresh.get(), entry.path().filename().string());

    if (here == kDev || here.starts_with("/dev/"))
        static_cast<void>(::chdir(here.c_str()) == 0);
}

} // namespace dmaheap::run
