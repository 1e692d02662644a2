// SPDX-License-Identifier: MIT
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One line of the output. `observe` runs in a process of its own and says what a client sees; what
/// the other members mean is up to it.
struct row {
    const char *id; ///< `<section>.<row-id>`
    void (*observe)(const struct row *row);
    uint64_t arg[4];
    void (*tell)(int fd);
    const char *text;
};

#define ROW(name, function, ...) { .id = (name), .observe = (function), __VA_ARGS__ }

/// Rows that belong together, in the order of the output.
struct chapter {
    const struct row *rows;
    size_t count;
    bool huge; ///< asks for more memory than there is: only with --huge
};

#define CHAPTER(table) { .rows = (table), .count = sizeof(table) / sizeof((table)[0]) }

extern const struct chapter node_open_chapter;
extern const struct chapter node_alloc_chapter;
extern const struct chapter node_argument_chapter;
extern const struct chapter node_caller_chapter;
extern const struct chapter node_ioctl_chapter;
extern const struct chapter node_file_chapter;
extern const struct chapter node_memory_chapter;
extern const struct chapter node_huge_chapter;
extern const struct chapter buffer_descriptor_chapter;
extern const struct chapter buffer_file_chapter;
extern const struct chapter buffer_map_chapter;
extern const struct chapter buffer_mapped_chapter;
extern const struct chapter buffer_share_chapter;
extern const struct chapter buffer_sync_chapter;
extern const struct chapter buffer_name_chapter;
extern const struct chapter buffer_sync_file_chapter;
extern const struct chapter buffer_ioctl_chapter;
extern const struct chapter ion_modern_chapter;
extern const struct chapter ion_query_chapter;
extern const struct chapter ion_legacy_chapter;
extern const struct chapter ion_handles_chapter;

/// Prints the row's line. The row runs in a child, so that a crash or a hang ends only that line.
void run_row(const struct row *row, int timeout_seconds);
