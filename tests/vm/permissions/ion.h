// SPDX-License-Identifier: MIT
#pragma once

#include <stdint.h>

#include <linux/ioctl.h>

/// ION's allocation as Linux 4.12 to 5.10 had it: no kernel header has it any more.
struct ion_allocation {
    uint64_t len;
    uint32_t heap_id_mask;
    uint32_t flags;
    uint32_t fd;
    uint32_t unused;
};

#define ION_IOC_ALLOC _IOWR('I', 0, struct ion_allocation)
