// SPDX-License-Identifier: MIT
#pragma once

#include "cuse/delivery/hand.h"

namespace dmaheap::delivery {

/// Makes the borrowed caller receive the buffer: six system calls in it. On success the caller has
/// the descriptor under the lowest free number, and its struct is filled in; after an error it has
/// neither, no helper descriptor and no helper mapping, unless it is gone (ESRCH).
Task<Status> hand_over(Hand hand);

} // namespace dmaheap::delivery
