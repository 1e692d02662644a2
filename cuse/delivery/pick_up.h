// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "cuse/delivery/hand.h"

namespace dmaheap::delivery {

/// Makes the borrowed caller fetch the buffer from the daemon by pidfd_getfd: four system calls in
/// it, and none of its memory is used but the struct. Takes the right to trace the daemon, and the
/// same pid namespace. Outcome
/// as hand_over(); nothing when it cannot be done like this: then the caller is as it was.
Task<std::optional<Status>> pick_up(Hand hand);

} // namespace dmaheap::delivery
