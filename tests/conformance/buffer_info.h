// SPDX-License-Identifier: MIT
#pragma once

/// Says the keys of the descriptor's fdinfo, in order.
void say_info_keys(int fd);

/// Says the value of a key of the descriptor's fdinfo, in quotes, or "none".
void say_info(int fd, const char *key);

/// How many references to the buffer there are; -1 when it does not tell.
long count_of(int fd);

/// Says where /proc/self/fd/N points, in quotes.
void say_link(int fd);
