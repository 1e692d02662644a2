// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

/// Whom and what the attempts are made on.
struct target {
    const char *node;   ///< that the one who tries may not open
    const char *folder; ///< the one that it lies in
    const char *own;    ///< a folder that belongs to the one who tries
    pid_t daemon;
};

/// Tries to get at a heap, or to change who gets at it. Below 0, with errno, when it was kept from
/// that; else it has got through. What it leaves behind ends with its process.
struct attempt {
    const char *name;
    int (*make)(const struct target *target);
};

/// Those that anybody can make; each table ends with a name of NULL.
extern const struct attempt attempts_on_files[];
extern const struct attempt attempts_on_the_daemon[];

/// Those that take a user and mount namespace of one's own, in which one is root.
extern const struct attempt attempts_as_root_inside[];

/// Opens in every mode of access, one after the other.
int open_somehow(const char *path);

/// Makes a device node with the number of another. Below 0, with errno, when that cannot be.
int make_node_like(const char *node, const char *path);
