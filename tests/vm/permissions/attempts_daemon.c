// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "attempts.h"

enum { MOST_DESCRIPTORS = 64 };

static const char *of_the_daemon(const struct target *target, const char *rest)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)target->daemon, rest);
    return path;
}

static int its_descriptors(const struct target *target)
{
    return opendir(of_the_daemon(target, "fd")) == NULL ? -1 : 0;
}

static int its_descriptors_one_by_one(const struct target *target)
{
    char rest[32];

    for (int number = 0; number < MOST_DESCRIPTORS; number++) {
        snprintf(rest, sizeof(rest), "fd/%d", number);
        const int heap = open_somehow(of_the_daemon(target, rest));
        if (heap != -1)
            return heap;
    }
    return -1;
}

static int copies_of_its_descriptors(const struct target *target)
{
    const int process = (int)syscall(SYS_pidfd_open, target->daemon, 0);

    for (int number = 0; number < MOST_DESCRIPTORS; number++) {
        const int copy = (int)syscall(SYS_pidfd_getfd, process, number, 0);
        if (copy != -1)
            return copy;
    }
    return -1;
}

static int the_node_as_it_sees_it(const struct target *target)
{
    return open_somehow(of_the_daemon(target, "root")) != -1 ||
                   open_somehow(of_the_daemon(target, "cwd")) != -1
               ? 0
               : -1;
}

static int its_memory(const struct target *target)
{
    return open_somehow(of_the_daemon(target, "mem"));
}

static int tracing_it(const struct target *target)
{
    return (int)ptrace(PTRACE_SEIZE, target->daemon, NULL, NULL);
}

static int a_signal(const struct target *target)
{
    return kill(target->daemon, SIGUSR1);
}

static int first_of(const char *pattern)
{
    glob_t found;
    int through = -1;

    if (glob(pattern, 0, NULL, &found) != 0) {
        errno = ENOENT;
        return -1;
    }
    for (size_t at = 0; at < found.gl_pathc && through == -1; at++)
        through = open(found.gl_pathv[at], O_WRONLY | O_CLOEXEC);
    return through;
}

static int ending_its_connections(const struct target *target)
{
    (void)target;
    return first_of("/sys/class/cuse/*/abort") != -1 ||
                   first_of("/sys/fs/fuse/connections/*/abort") != -1
               ? 0
               : -1;
}

static int what_it_is_made_with(const struct target *target)
{
    (void)target;
    return open_somehow("/dev/cuse") != -1 || open_somehow("/dev/udmabuf") != -1 ? 0 : -1;
}

const struct attempt attempts_on_the_daemon[] = {
    { "its descriptors", its_descriptors },
    { "its descriptors, one by one", its_descriptors_one_by_one },
    { "copies of its descriptors", copies_of_its_descriptors },
    { "the node as the daemon sees it", the_node_as_it_sees_it },
    { "its memory", its_memory },
    { "tracing it", tracing_it },
    { "a signal", a_signal },
    { "ending its connections", ending_its_connections },
    { "what it is made with", what_it_is_made_with },
    { NULL, NULL },
};
