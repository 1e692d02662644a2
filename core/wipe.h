// SPDX-License-Identifier: MIT
#pragma once

#include "core/memory.h"

namespace dmaheap {

/// Makes all of the memory zero, and takes the pages that it does not have yet. What has been
/// sealed against writing, as a buffer file does with a memfd that has served, is replaced by a new
/// file, if the extent is all of that file.
///
/// Takes time that grows with the size. Whatever the memory held is there no more only if it
/// succeeds: memory that could not be wiped is not to be handed out.
///
/// It writes, and does not fallocate(): pages of tmpfs that were allocated so are zeroed when
/// somebody maps the file, and udmabuf shows them as they were found.
Status wipe(Memory &memory);

/// The same by new files in the place of all, for memory that whoever had it may still reach. EPERM
/// when an extent is not all of its file. What the files held is given up first.
Status renew(Memory &memory);

} // namespace dmaheap
