// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/leftovers.h"

#include <unistd.h>

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "cuse/fuse_mount.h"

namespace dmaheap::daemon {

namespace {

/// As FuseTree makes it.
bool is_our_file(const std::string &path)
{
    struct stat file{};
    return ::lstat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) && file.st_size == 0 &&
           (file.st_mode & ALLPERMS) == 0 && file.st_nlink == 1 && file.st_uid == ::geteuid();
}

} // namespace

void remove_leftovers(const std::string &dev_root)
{
    for (const std::string &place : cuse::stale_mounts_in(dev_root)) {
        const unsigned stale = cuse::remove_stale_mounts(place);
        if (stale == 0)
            continue;

        spdlog::info("took away {} stale mount(s) at {}", stale, place);
        if (is_our_file(place))
            ::unlink(place.c_str());
    }
}

} // namespace dmaheap::daemon
