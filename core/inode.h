// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <string>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap {

/// What a file is for fstat(2).
struct Inode {
    dev_t device;
    ino_t inode;

    friend auto operator<=>(const Inode &, const Inode &) = default;
};

/// Of an open file, as the kernel has it at hand. The file system is not asked: it may never
/// answer, and if it is one of ours, who is killed while it waits for itself never ends
/// (request_wait_answer() in fs/fuse/dev.c).
Result<Inode> inode_of(int fd);

/// The same of what a path leads to.
Result<Inode> inode_of(const std::string &path);

} // namespace dmaheap
