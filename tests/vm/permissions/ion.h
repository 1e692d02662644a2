// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <linux/ioctl.h>

/// ION's allocation as Linux 4.12 to 5.10 had it; the rest is that of 3.4 to 4.11. No kernel header
/// has any of it any more.
struct ion_allocation {
    uint64_t len;
    uint32_t heap_id_mask;
    uint32_t flags;
    uint32_t fd;
    uint32_t unused;
};

struct ion_legacy_allocation {
    size_t len;
    size_t align;
    uint32_t heap_id_mask;
    uint32_t flags;
    int handle;
};

struct ion_legacy_fd {
    int handle;
    int fd;
};

#define ION_IOC_ALLOC _IOWR('I', 0, struct ion_allocation)
#define ION_IOC_LEGACY_ALLOC _IOWR('I', 0, struct ion_legacy_allocation)
#define ION_IOC_FREE _IOWR('I', 1, int)
#define ION_IOC_SHARE _IOWR('I', 4, struct ion_legacy_fd)
#define ION_IOC_IMPORT _IOWR('I', 5, struct ion_legacy_fd)
