// SPDX-License-Identifier: MIT
#pragma once

#include "cuse/delivery/lane.h"
#include "cuse/delivery/remote_syscalls.h"
#include "cuse/delivery/task.h"
#include "cuse/delivery/tracee.h"
#include "cuse/delivery/transfer.h"

namespace dmaheap::delivery {

/// Makes the borrowed caller receive the buffer: six system calls in it. On success the caller has
/// the descriptor under the lowest free number, and its struct is filled in; after an error it has
/// neither, no helper descriptor and no helper mapping, unless it is gone (ESRCH).
///
/// All arguments are borrowed until the task is done.
Task<Status> hand_over(Lane &lane, Tracee &tracee, Borrowed &borrowed, const Transfer &transfer);

} // namespace dmaheap::delivery
