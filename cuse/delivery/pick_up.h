// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "cuse/delivery/caller.h"
#include "cuse/delivery/hand.h"

namespace dmaheap::delivery {

/// Whether it is worth trying: the caller is root as the daemon is, and the daemon's process id
/// means the same to both.
bool may_pick_up(const Caller &caller);

/// Makes the borrowed caller fetch the buffer from the daemon by pidfd_getfd: four system calls in
/// it, and none of its memory is used but the struct. Takes the right to trace the daemon. Outcome
/// as hand_over(); nothing when it cannot be done like this: then the caller is as it was.
Task<std::optional<Status>> pick_up(Hand hand);

} // namespace dmaheap::delivery
