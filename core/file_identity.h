// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap {

/// Which file a descriptor is of, without asking anything of the file: it may be a stranger's.
struct FileIdentity {
    std::uint64_t mount; ///< the kernel's id of the mount it was opened on, as nobody can forge it
    std::uint64_t inode;

    friend auto operator<=>(const FileIdentity &, const FileIdentity &) = default;
};

/// Whether a descriptor that only names a place (O_PATH) will do; fget() in the kernel says EBADF.
enum class Places { accepted, refused };

/// Reads the text of /proc/TID/fdinfo/FD. EINVAL when the kernel, before 5.14, does not tell the
/// inode.
Result<FileIdentity> parse_fdinfo(const std::string &text, Places places);

/// Of an open file of the thread; EBADF when it has none of that number.
Result<FileIdentity> identity_of(pid_t thread, int fd);

/// Of a descriptor of our own.
Result<FileIdentity> identity_of(int fd);

} // namespace dmaheap
