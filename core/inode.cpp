// SPDX-License-Identifier: MIT
#include "core/inode.h"

#include <fcntl.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/sys.h"

namespace dmaheap {

namespace {

Result<Inode> inode_at(int folder, const char *path, int flags)
{
    struct statx status{};
    const auto asked =
        check_done("statx", ::statx(folder, path, flags | AT_STATX_DONT_SYNC, STATX_INO, &status));
    if (!asked)
        return std::unexpected(asked.error());

    return Inode{ .device = makedev(status.stx_dev_major, status.stx_dev_minor),
                  .inode = status.stx_ino };
}

} // namespace

Result<Inode> inode_of(int fd)
{
    return inode_at(fd, "", AT_EMPTY_PATH);
}

Result<Inode> inode_of(const std::string &path)
{
    return inode_at(AT_FDCWD, path.c_str(), 0);
}

} // namespace dmaheap
