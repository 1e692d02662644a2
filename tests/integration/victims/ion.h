// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <linux/ioctl.h>

/// The two interfaces of ION, as programs of its time had them in a header of their own.

enum { ion_type_system = 0, ion_type_carveout = 2, ion_type_dma = 4 };

struct ion_allocation {
    uint64_t len;
    uint32_t heap_id_mask, flags, fd, unused;
};

struct ion_heap {
    char name[32];
    uint32_t type, heap_id, reserved[3];
};

struct ion_query {
    uint32_t cnt, reserved0;
    uint64_t heaps;
    uint32_t reserved1, reserved2;
};

#define ION_ALLOC _IOWR('I', 0, struct ion_allocation)
#define ION_HEAP_QUERY _IOWR('I', 8, struct ion_query)
#define ION_ABI_VERSION _IOR('I', 9, uint32_t)

typedef int ion_handle;

struct ion_legacy_allocation {
    size_t len, align;
    unsigned heap_id_mask, flags;
    ion_handle handle;
};

struct ion_handle_data {
    ion_handle handle;
};

struct ion_fd_data {
    ion_handle handle;
    int fd;
};

struct ion_custom_data {
    unsigned cmd;
    unsigned long arg;
};

#define ION_LEGACY_ALLOC _IOWR('I', 0, struct ion_legacy_allocation)
#define ION_FREE _IOWR('I', 1, struct ion_handle_data)
#define ION_MAP _IOWR('I', 2, struct ion_fd_data)
#define ION_SHARE _IOWR('I', 4, struct ion_fd_data)
#define ION_IMPORT _IOWR('I', 5, struct ion_fd_data)
#define ION_CUSTOM _IOWR('I', 6, struct ion_custom_data)
#define ION_SYNC _IOWR('I', 7, struct ion_fd_data)

/// What both programs ask for, and what they get.
enum { size = 5000, rounded = 8192 };

/// Maps all of a buffer, to read and write.
unsigned char *map_buffer(int buffer);

/// Ends the program unless the whole buffer is full of `value`.
void expect_all(const unsigned char *memory, unsigned char value);

/// Sends a descriptor with one byte, or takes one; -1 on failure.
int pass_descriptor(int socket, int fd);
int take_descriptor(int socket);
