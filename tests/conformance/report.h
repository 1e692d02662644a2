// SPDX-License-Identifier: MIT
#pragma once

#include <stdbool.h>

/// Adds to the row's line. Nothing that differs from run to run may be said: no addresses, numbers
/// of processes or inodes, no times; and no `|` or `*`, which mean something in a table of
/// differences.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/// Says the text in quotes, what is not printable as `?`.
void say_text(const char *text);

/// The same, with every run of digits as one `#`.
void say_masked(const char *text);

/// "EINVAL" and the like.
const char *errno_name(int code);

/// Says "ok", "ok (returned 3)" or the name of errno for -1; true unless it was -1.
bool say_result(long result);

/// Says the number, or the name of errno for -1.
void say_number(long long result);

/// Says F_GETFL's flags by name, without O_LARGEFILE, which depends on how the client was compiled.
void say_flags(int flags);

/// Says the events of poll by name, "nothing" for 0.
void say_events(unsigned events);

/// Ends the row here and now.
void end_row(void) __attribute__((noreturn));
