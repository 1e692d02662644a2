// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

/// Ends the program with status 1 and "WHAT: EFAULT" on stderr, for the errno of this moment.
_Noreturn void give_up(const char *what);

/// A number up to a million, else the program ends.
unsigned number(const char *text);

/// The descriptor of a heap's node.
int heap_open(const char *node);

/// A new buffer's descriptor, or -1 and errno.
int heap_try(int heap, size_t size);

/// The same, but without one the program ends.
int heap_allocate(int heap, size_t size);

/// Maps a buffer for reading and writing.
unsigned char *buffer_map(int buffer, size_t size);

/// Stand around what the CPU does to a mapped buffer, as DMA_BUF_IOCTL_SYNC is meant.
void buffer_begin(int buffer);
void buffer_end(int buffer);

/// Writes what the buffer holds into a new file.
void buffer_save(int buffer, size_t size, const char *path);
