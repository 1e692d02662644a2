// SPDX-License-Identifier: MIT
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sys/stat.h>

#include "client.h"
#include "report.h"

enum { longest_argument = 16384 };

static void say_struct(const unsigned char *before, const struct attempt *attempt, int fd)
{
    const unsigned char *after = attempt->argument;
    size_t fd_at =
        attempt->fd_at != 0 ? attempt->fd_at : offsetof(struct dma_heap_allocation_data, fd);
    size_t size = attempt->readable, first = 0, end = size;
    uint32_t told;

    while (first < size && before[first] == after[first])
        first++;
    while (end > first && before[end - 1] == after[end - 1])
        end--;

    if (first == size) {
        say(", struct as passed");
    } else if (first < fd_at || end > fd_at + sizeof(told)) {
        say(", struct changed from %zu to %zu", first, end);
    } else {
        memcpy(&told, after + fd_at, sizeof(told));
        say(", only fd changed, %s", told == (uint32_t)fd ? "to the lowest free" : "to another");
    }
}

static void say_new_buffer(int fd)
{
    struct stat status;

    if (fd == -1 || !is_open(fd))
        return;
    fstat(fd, &status);
    say(", buffer of %lld, ", (long long)status.st_size);
    say_flags(fcntl(fd, F_GETFL));
    say("%s", (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 ? " FD_CLOEXEC" : "");
}

void observe_attempt(struct attempt attempt)
{
    static unsigned char passed[longest_argument];
    struct census before = take_census();
    int fd = lowest_free();
    int usual_limit = attempt.limit != 0 ? limit_descriptors(attempt.limit) : 0;

    if (attempt.readable != 0)
        memcpy(passed, attempt.argument, attempt.readable);

    long result = ioctl(attempt.node, attempt.command, attempt.argument);
    int code = errno;

    if (usual_limit != 0)
        limit_descriptors(usual_limit);
    errno = code;
    say_result(result);
    if (attempt.readable != 0)
        say_struct(passed, &attempt, fd);
    say_change(before);
    say_new_buffer(fd);
}
