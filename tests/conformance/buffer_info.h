// SPDX-License-Identifier: MIT
#pragma once

/// Says the keys of the descriptor's fdinfo, in order.
void say_info_keys(int fd);

/// Says the value of a key of the descriptor's fdinfo, in quotes, or "none".
void say_info(int fd, const char *key);

/// Says where /proc/self/fd/N points, in quotes.
void say_link(int fd);
