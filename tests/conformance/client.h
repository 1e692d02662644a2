// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <linux/dma-heap.h>
#include <sys/types.h>

#include "row.h"

enum { page = 4096 };

extern const char *node_path;

/// Opens the node. If it cannot, says so and ends the row; so do the next two.
int open_node(int flags);

/// A buffer whose node is closed again, as most clients do it.
int allocate(uint64_t len, uint32_t fd_flags);

/// A shared mapping of the first `size` bytes, readable and writable.
unsigned char *map_buffer(int buffer, size_t size);

/// What the process holds: entries of /proc/thread-self/fd, lines of /proc/self/maps.
struct census {
    int descriptors;
    int mappings;
};
struct census take_census(void);

/// Says ", +1 descriptors, +0 mappings": what has changed since.
void say_change(struct census before);

/// The number that the next new descriptor gets, -1 if there is no free one.
int lowest_free(void);

/// True if the descriptor is open.
bool is_open(int fd);

/// Two pages of which the second is unmapped again; returns the end of the first.
unsigned char *end_of_mapped(void);

/// Allows `count` descriptors from now on, without ending those above; returns what it was.
int limit_descriptors(int count);

/// Reads a small file of /proc whole, as a string. "" if it cannot.
void read_small_file(const char *path, char *text, size_t size);

/// Runs `act(argument)` in a forked child and waits for it; says so if the child was killed.
void in_child(void (*act)(void *argument), void *argument);

/// Says ", child killed by SIGxxx" if it was, after waiting for it.
void wait_for(pid_t child);

/// Hands a descriptor over a socket; -1 and errno on failure.
int send_descriptor(int socket, int fd);
int receive_descriptor(int socket);
