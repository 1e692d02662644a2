// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

/// The parts of the obedient client.

enum {
    LINE_SIZE = 16384,
    MAX_WORDS = 16,
    PEER_SOCKET = 3, ///< where the socket to another client is
};

struct command {
    const char *name;
    int arguments;             ///< at least so many
    void (*run)(char **words); ///< what follows the name; ends with NULL
};

/// Each table ends with an entry without a name.
extern const struct command descriptor_commands[];
extern const struct command memory_commands[];
extern const struct command ioctl_commands[];
extern const struct command process_commands[];
extern const struct command hang_commands[];

/// The path that this program was started with.
extern const char *program;

/// Prints one line.
__attribute__((format(printf, 1, 2))) void answer(const char *format, ...);

/// Bytes from two digits each; how many there were.
size_t from_hex(const char *text, unsigned char *bytes, size_t room);

/// `error` with errno when `result` is negative, `ok RESULT` otherwise.
void answer_result(long long result);
