// SPDX-License-Identifier: MIT
#include "buffer_info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "report.h"

static char *read_info(int fd)
{
    static char text[4096];
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    read_small_file(path, text, sizeof(text));
    return text;
}

void say_info_keys(int fd)
{
    char *rest, *separator = "";

    for (char *line = strtok_r(read_info(fd), "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        say("%s%.*s", separator, (int)strcspn(line, ":"), line);
        separator = " ";
    }
}

/// What the file tells for a key; NULL if nothing.
static const char *value_of(int fd, const char *key)
{
    char *rest;
    size_t length = strlen(key);

    for (char *line = strtok_r(read_info(fd), "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, key, length) == 0 && line[length] == ':')
            return line + length + 1 + (line[length + 1] == '\t');
    }
    return NULL;
}

void say_info(int fd, const char *key)
{
    const char *value = value_of(fd, key);

    if (value != NULL)
        say_text(value);
    else
        say("none");
}

long count_of(int fd)
{
    const char *value = value_of(fd, "count");

    return value != NULL ? strtol(value, NULL, 10) : -1;
}

void say_link(int fd)
{
    char path[64], target[4096] = "";

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (readlink(path, target, sizeof(target) - 1) == -1) {
        say_result(-1);
        return;
    }
    say_masked(target);
}
