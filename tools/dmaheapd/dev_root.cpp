// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/dev_root.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/sys.h"

namespace dmaheap::daemon {

namespace {

/// Links are not followed: one that leads nowhere is something, too.
bool exists(const std::string &path)
{
    return ::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Of a node's name that is taken. Throws when it may not be skipped.
void skip_taken(const std::string &whose, const char *kind, config::OnConflict on_conflict,
                const std::string &node)
{
    if (on_conflict != config::OnConflict::skip)
        throw std::runtime_error(
            whose + ": " + node + " exists already; give the " + kind +
            " another name, or on-conflict = \"skip\" to leave that one alone");

    spdlog::info("{}: {} exists already; skipped", whose, node);
}

bool is_free(const config::Heap &heap, const std::string &name, const std::string &folder)
{
    const std::string node = folder + "/" + name;
    if (!exists(node))
        return true;

    skip_taken("heap " + heap.name, "heap", heap.on_conflict, node);
    return false;
}

/// Whether a mount there would hide nothing: an empty file, on which nothing is mounted. A kernel
/// that cannot tell that (before 5.8) has it in the number of the file system.
bool is_empty_place(const std::string &path, const std::string &folder)
{
    struct statx file{};
    struct statx around{};
    if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_SIZE, &file) != 0 ||
        ::statx(AT_FDCWD, folder.c_str(), 0, STATX_TYPE, &around) != 0)
        return false;

    const bool mounted = (file.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 ||
                         file.stx_dev_major != around.stx_dev_major ||
                         file.stx_dev_minor != around.stx_dev_minor;
    return S_ISREG(file.stx_mode) && file.stx_size == 0 && !mounted;
}

bool is_free(const config::Ion &ion, const std::string &dev_root, config::Frontend frontend)
{
    const std::string node = dev_root + "/" + ion.name;
    if (!exists(node) || (frontend == config::Frontend::fuse && is_empty_place(node, dev_root)))
        return true;

    skip_taken("ION node " + ion.name, "node", ion.on_conflict, node);
    return false;
}

} // namespace

DevRootLock::DevRootLock(const std::string &dev_root)
{
    auto folder = sys::open(dev_root.c_str(), O_RDONLY | O_DIRECTORY);
    if (!folder)
        throw std::runtime_error("dev-root " + dev_root + ": " +
                                 std::strerror(folder.error().code));
    if (::flock(folder->get(), LOCK_EX | LOCK_NB) == -1)
        throw std::runtime_error("another dmaheapd serves under " + dev_root +
                                 "; stop it, or give this one another --dev-root");

    folder_ = *std::move(folder);
}

std::vector<config::Heap> without_conflicts(const std::vector<config::Heap> &heaps,
                                            const std::string &folder,
                                            const std::set<std::string> &our)
{
    const auto is_to_be_had = [&](const config::Heap &heap, const std::string &name) {
        return our.contains(name) || is_free(heap, name, folder);
    };
    std::vector<config::Heap> free;
    for (const config::Heap &heap : heaps) {
        if (!is_to_be_had(heap, heap.name))
            continue;

        free.push_back(heap);
        std::erase_if(free.back().aliases,
                      [&](const std::string &alias) { return !is_to_be_had(heap, alias); });
    }
    return free;
}

std::vector<config::Ion> without_conflicts(const std::vector<config::Ion> &nodes,
                                           const std::string &dev_root, config::Frontend frontend)
{
    std::vector<config::Ion> free;
    std::ranges::copy_if(nodes, std::back_inserter(free),
                         [&](const config::Ion &ion) { return is_free(ion, dev_root, frontend); });
    return free;
}

void require_empty(const std::string &folder)
{
    std::error_code missing;
    for (const auto &entry : std::filesystem::directory_iterator(folder, missing))
        throw std::runtime_error("the mount on " + folder + " would hide " + entry.path().string() +
                                 "; use --frontend cuse, or another --dev-root");
}

} // namespace dmaheap::daemon
