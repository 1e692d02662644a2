// SPDX-License-Identifier: MIT
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { longest_part = 1024 };

struct bit {
    unsigned value;
    const char *name;
};

void say(const char *format, ...)
{
    char part[longest_part];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(part, sizeof(part), format, arguments);
    va_end(arguments);
    if (write(STDOUT_FILENO, part, strlen(part)) == -1)
        _exit(1);
}

static char printable(char letter)
{
    return isprint((unsigned char)letter) ? letter : '?';
}

void say_text(const char *text)
{
    say("\"");
    for (; *text != '\0'; text++)
        say("%c", printable(*text));
    say("\"");
}

void say_masked(const char *text)
{
    say("\"");
    for (char before = '\0'; *text != '\0'; before = *text++) {
        if (!isdigit((unsigned char)*text))
            say("%c", printable(*text));
        else if (!isdigit((unsigned char)before))
            say("#");
    }
    say("\"");
}

const char *errno_name(int code)
{
    const char *name = strerrorname_np(code);

    return name != NULL ? name : "an unknown errno";
}

bool say_result(long result)
{
    if (result == -1)
        say("%s", errno_name(errno));
    else if (result == 0)
        say("ok");
    else
        say("ok (returned %ld)", result);
    return result != -1;
}

void say_number(long long result)
{
    if (result == -1)
        say("%s", errno_name(errno));
    else
        say("%lld", result);
}

static void say_bits(unsigned value, const struct bit *bits, size_t count, const char *separator)
{
    for (size_t i = 0; i < count; i++) {
        if ((value & bits[i].value) != bits[i].value)
            continue;
        say("%s%s", separator, bits[i].name);
        separator = " ";
        value &= ~bits[i].value;
    }
    if (value != 0)
        say("%s0%o", separator, value);
}

void say_flags(int flags)
{
    static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };
    static const struct bit bits[] = {
        { O_SYNC, "O_SYNC" },         { O_DSYNC, "O_DSYNC" },       { O_APPEND, "O_APPEND" },
        { O_NONBLOCK, "O_NONBLOCK" }, { O_PATH, "O_PATH" },         { O_DIRECT, "O_DIRECT" },
        { O_NOATIME, "O_NOATIME" },   { O_NOFOLLOW, "O_NOFOLLOW" },
    };
    const unsigned large_file = 0100000;

    say("%s", modes[flags & O_ACCMODE]);
    say_bits((unsigned)flags & ~(O_ACCMODE | large_file), bits, sizeof(bits) / sizeof(bits[0]),
             " ");
}

void say_events(unsigned events)
{
    static const struct bit bits[] = {
        { POLLIN, "POLLIN" },   { POLLPRI, "POLLPRI" }, { POLLOUT, "POLLOUT" },
        { POLLERR, "POLLERR" }, { POLLHUP, "POLLHUP" }, { POLLNVAL, "POLLNVAL" },
    };

    if (events == 0)
        say("nothing");
    say_bits(events, bits, sizeof(bits) / sizeof(bits[0]), "");
}

void end_row(void)
{
    _exit(0);
}
