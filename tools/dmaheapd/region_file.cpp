// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/region_file.h"

#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "core/available_memory.h"
#include "core/sys.h"
#include "tools/dmaheapd/memory_rules.h"

namespace dmaheap::daemon {

namespace {

constexpr Bytes kStatBlock = 512;

/// What is wrong with the file, in words for people.
using Wrong = std::unexpected<std::string>;

Wrong wrong(const Error &error)
{
    return Wrong(std::string(error.step) + ": " + std::strerror(error.code));
}

/// Names the file and does not open it: that of a device, say, may do anything.
Result<UniqueFd> find_file(const std::string &path)
{
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS;
    const auto found = check(
        "open", static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
    if (!found)
        return std::unexpected(found.error());

    return UniqueFd(*found);
}

std::expected<void, std::string> check_kind(const struct stat &status)
{
    if (S_ISDIR(status.st_mode))
        return Wrong("is a folder");
    if (!S_ISREG(status.st_mode))
        return Wrong("is no regular file");
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return Wrong("belongs to user " + std::to_string(status.st_uid) +
                     ": it has to be root's, or that of dmaheapd");
    if (status.st_nlink != 1)
        return Wrong("has other names (hard links)");
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return Wrong("can be written to by its group or by others: chmod go-w");
    return {};
}

bool is_dax(int file)
{
    struct statx status{};
    return ::statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0 &&
           (status.stx_attributes & STATX_ATTR_DAX) != 0;
}

/// Others have pages of a disk, which are memory for a while only.
std::expected<void, std::string> check_is_memory(int file)
{
    struct statfs status{};
    if (auto asked = check_done("fstatfs", ::fstatfs(file, &status)); !asked)
        return wrong(asked.error());
    if (status.f_type == TMPFS_MAGIC || status.f_type == HUGETLBFS_MAGIC || is_dax(file))
        return {};

    return Wrong("is not memory: it has to be on tmpfs, hugetlbfs or a file system with DAX");
}

/// Checked, and not anybody else's region.
std::expected<UniqueFd, std::string> open_file(const std::string &path)
{
    const auto found = find_file(path);
    if (!found)
        return found.error().code == ELOOP ? Wrong("symbolic links are not followed")
                                           : wrong(found.error());

    struct stat status{};
    if (auto asked = check_done("fstat", ::fstat(found->get(), &status)); !asked)
        return wrong(asked.error());
    if (auto fit = check_kind(status); !fit)
        return Wrong(fit.error());
    auto file = sys::open(("/proc/self/fd/" + std::to_string(found->get())).c_str(), O_RDWR);
    if (!file)
        return wrong(file.error());
    if (auto fit = check_is_memory(file->get()); !fit)
        return Wrong(fit.error());
    if (::flock(file->get(), LOCK_EX | LOCK_NB) == -1)
        return Wrong("is a region already, of this config or of another dmaheapd");

    return *std::move(file);
}

/// How much of the machine's memory the file lacks of what it is to be. Pages of hugetlbfs are
/// counted elsewhere, and those of DAX are the device's.
Bytes lacking(int file, const struct stat &status, Bytes size)
{
    const bool ordinary = static_cast<Bytes>(status.st_blksize) <= page_size() && !is_dax(file);
    const Bytes there = static_cast<Bytes>(status.st_blocks) * kStatBlock;
    return ordinary ? size - std::min(size, there) : 0;
}

} // namespace

Reservoir reservoir_of_file(const config::Config &config, const config::Region &region,
                            const Exporter &exporter)
{
    const auto refuse = [&](const char *key, const std::string &what) {
        config::refuse_setting(config, config::name_of_table(region), key, what);
    };
    if (!exporter.shows_named_files())
        refuse("file", std::string(exporter.name()) +
                           " cannot show a part of a file that has a name; dmaheapd, with "
                           "exporter = \"auto\", makes buffer files of this region");
    auto file = open_file(*region.file);
    if (!file)
        refuse("file", *region.file + " " + file.error());

    struct stat status{};
    ::fstat(file->get(), &status);
    const Bytes most = static_cast<Bytes>(status.st_size) / page_size() * page_size();
    const Bytes size = region.size.value_or(most);
    if (size == 0 || size > most)
        refuse(region.size ? "size" : "file", *region.file + " has only " + format_size(most));
    if (lacking(file->get(), status, size) > available_memory())
        refuse("file", *region.file + " lacks more memory than this machine has available");

    auto reservoir = Reservoir::of_file(*std::move(file), size);
    if (!reservoir)
        refuse("file", "the pages of " + *region.file + " cannot be had (" +
                           wrong(reservoir.error()).error() + ")");
    return *std::move(reservoir);
}

} // namespace dmaheap::daemon
