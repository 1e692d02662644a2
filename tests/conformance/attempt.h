// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

/// One ioctl on a heap node, and all that can be seen of it.
struct attempt {
    int node;
    unsigned long command;
    void *argument;
    size_t readable; ///< how much at `argument` can be looked at before and after
    int limit;       ///< RLIMIT_NOFILE during the ioctl, 0: leave it
    size_t fd_at;    ///< where the descriptor comes back, 0: where dma-heap has it
};

/// Issues the ioctl and says: the result; what changed in the struct; how many descriptors and
/// mappings there are more; which buffer is at the number that was the lowest free one.
void observe_attempt(struct attempt attempt);
