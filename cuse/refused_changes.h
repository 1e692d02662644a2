// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>

#include <fuse3/fuse_lowlevel.h>

namespace dmaheap::cuse {

/// Makes the mount one where nothing can be made, renamed or removed: EPERM, as from a file system
/// that knows no such thing. Without a callback, libfuse would answer ENOSYS. It is what root gets;
/// the kernel sends others away with EACCES before.
constexpr void refuse_changes(fuse_lowlevel_ops &operations)
{
    operations.create = [](fuse_req_t request, fuse_ino_t, const char *, mode_t, fuse_file_info *) {
        fuse_reply_err(request, EPERM);
    };
    operations.mknod = [](fuse_req_t request, fuse_ino_t, const char *, mode_t, dev_t) {
        fuse_reply_err(request, EPERM);
    };
    operations.mkdir = [](fuse_req_t request, fuse_ino_t, const char *, mode_t) {
        fuse_reply_err(request, EPERM);
    };
    operations.symlink = [](fuse_req_t request, const char *, fuse_ino_t, const char *) {
        fuse_reply_err(request, EPERM);
    };
    operations.link = [](fuse_req_t request, fuse_ino_t, fuse_ino_t, const char *) {
        fuse_reply_err(request, EPERM);
    };
    operations.rename = [](fuse_req_t request, fuse_ino_t, const char *, fuse_ino_t, const char *,
                           unsigned) { fuse_reply_err(request, EPERM); };
    operations.unlink = [](fuse_req_t request, fuse_ino_t, const char *) {
        fuse_reply_err(request, EPERM);
    };
    operations.rmdir = operations.unlink;
}

} // namespace dmaheap::cuse
