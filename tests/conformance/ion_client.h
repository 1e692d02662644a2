// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "row.h"

/// ION's two interfaces. No kernel header has them any more.
enum { ion_name_length = 32 };

struct ion_allocation {
    uint64_t len;
    uint32_t heap_id_mask, flags, fd, unused;
};

struct ion_heap {
    char name[ion_name_length];
    uint32_t type, heap_id, reserved[3];
};

struct ion_query {
    uint32_t cnt, reserved0;
    uint64_t heaps;
    uint32_t reserved1, reserved2;
};

struct ion_legacy_allocation {
    size_t len, align;
    uint32_t heap_id_mask, flags;
    int handle;
};

struct ion_legacy_fd {
    int handle, fd;
};

static const unsigned long ion_alloc = 0xC0184900;
static const unsigned long ion_heap_query = 0xC0184908;
static const unsigned long ion_abi_version = 0x80044909;
static const unsigned long ion_legacy_alloc = sizeof(size_t) == 8 ? 0xC0204900 : 0xC0144900;
static const unsigned long ion_free = 0xC0044901;
static const unsigned long ion_map = 0xC0084902;
static const unsigned long ion_share = 0xC0084904;
static const unsigned long ion_import = 0xC0084905;
static const unsigned long ion_sync = 0xC0084907;

/// The heaps of the node, by id: memory enough; only little; one that everybody may use.
enum { usual_heap = 0, small_heap = 4, open_heap = 31 };

/// All that the small heap has.
enum { small_size = 1 << 20 };

/// Two pages, the second with the protection; the last `before` bytes of the first and the second
/// are what the result points to, which holds a copy of `size` bytes.
void *protected_copy(const void *data, size_t size, size_t before, int protection);

/// A copy of the first `mapped` bytes, which end where nothing is mapped.
void *cut_copy(const void *data, size_t mapped);

/// Becomes a user who may open no heap but the open one.
void become_another_user(void);

/// Calls of the node other than ioctl, for the rows of either interface.
void ion_read(const struct row *row);
void ion_pread(const struct row *row);
void ion_lseek(const struct row *row);
void ion_mmap(const struct row *row);
void ion_poll(const struct row *row);
