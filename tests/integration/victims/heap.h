// SPDX-License-Identifier: MIT
#pragma once

#include <stdint.h>

/// What every victim does with a heap, in the words of the kernel's interface. The victims know
/// nothing of the daemon.

/// One allocation; the descriptor, or -1 with errno set.
int heap_alloc(int heap, uint64_t size, uint32_t fd_flags);

/// Writes `value` all over a fresh mapping of the buffer and reads it back through a second one.
/// 0, or -1 with errno set.
int buffer_check(int buffer, uint64_t size, unsigned char value);

/// How many descriptors the calling thread's table has.
int descriptor_count(void);

/// Prints `failed: ...` with errno's name and ends the process with status 1.
_Noreturn void fail(const char *what);

/// A number of the command line, or the end of the process.
unsigned long long number(const char *text);
