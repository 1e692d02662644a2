// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <sys/types.h>

#include "core/result.h"
#include "core/size.h"
#include "core/unique_fd.h"

/// The system calls that the daemon uses in more than one place, each returning a Result. None of
/// them logs; descriptors are always close-on-exec.
namespace dmaheap::sys {

Result<UniqueFd> open(const char *path, int flags, mode_t mode = 0);
Result<UniqueFd> open_at(int directory, const char *path, int flags, mode_t mode = 0);
Result<UniqueFd> duplicate(int fd);

/// An anonymous file of `size` bytes that reads as zeroes and accepts seals.
Result<UniqueFd> memfd(const char *name, Bytes size);
/// The same of huge pages of `page` bytes, none of which is taken yet. EINVAL, ENOENT or ENODEV for
/// a page size that this machine has not; `size` is whole such pages.
Result<UniqueFd> huge_memfd(const char *name, Bytes size, Bytes page);
Status add_seals(int memfd, int seals);

/// The whole of a small text file, such as one of /proc or /sys. EFBIG above 1 MiB.
Result<std::string> read_text(const char *path);
/// Writes a value into an existing file, such as one of /sys.
Status write_text(const char *path, const std::string &text);

} // namespace dmaheap::sys
