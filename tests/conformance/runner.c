// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "row.h"

enum { usual_descriptors = 256, unkillable_seconds = 5, longest_line = 4096 };

/// Every row starts from the same table: null as input, the line's pipe as output, errors as
/// before.
static void start_row(const struct row *row, int line)
{
    const struct rlimit no_core = { 0, 0 };
    struct rlimit files;
    int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &no_core);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = usual_descriptors;
    setrlimit(RLIMIT_NOFILE, &files);

    dup2(null, STDIN_FILENO);
    dup2(line, STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);

    row->observe(row);
    _exit(0);
}

static bool ended(int pidfd, int seconds)
{
    struct pollfd watch = { .fd = pidfd, .events = POLLIN };

    return poll(&watch, 1, seconds * 1000) == 1;
}

static void print_end(pid_t child, const char *separator)
{
    int status = 0;

    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("%skilled by SIG%s", separator, sigabbrev_np(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        printf("%sexit status %d", separator, WEXITSTATUS(status));
    else if (*separator == '\0')
        printf("nothing observed");
}

/// Ends the row if it has not ended by itself, and whatever it started.
static bool end_in_time(pid_t child, int timeout_seconds)
{
    int pidfd = pidfd_open(child, 0);
    bool in_time = ended(pidfd, timeout_seconds);

    kill(-child, SIGKILL);
    ended(pidfd, unkillable_seconds);
    close(pidfd);
    return in_time;
}

void run_row(const struct row *row, int timeout_seconds)
{
    char line[longest_line] = "";
    int ends[2];
    pid_t child;

    printf("%s: ", row->id);
    fflush(stdout);
    if (pipe(ends) == -1 || (child = fork()) == -1) {
        perror("conformance");
        exit(1);
    }
    if (child == 0)
        start_row(row, ends[1]);

    bool in_time = end_in_time(child, timeout_seconds);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ssize_t said = read(ends[0], line, sizeof(line) - 1);
    const char *separator = said > 0 ? ", " : "";

    close(ends[0]);
    close(ends[1]);
    printf("%s", line);
    if (in_time)
        print_end(child, separator);
    else if (waitpid(child, NULL, WNOHANG) == child)
        printf("%shang", separator);
    else
        printf("%shang that cannot be killed", separator);
    printf("\n");
    fflush(stdout);
}
