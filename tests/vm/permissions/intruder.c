// SPDX-License-Identifier: MIT
//
// intruder DAEMON FOLDER NAME...
//
// Tries to get at heaps whose nodes FOLDER/NAME its user may not open, or to make them open to
// itself: first as it is, then as root in namespaces of its own. Says what has got through, and
// what was answered with ENOSYS, which is no answer to that. Exit status 0: nothing.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mount.h>
#include <sys/wait.h>

#include "attempts.h"

enum { NO_NAMESPACE = 2 };

static int failures;
static int made;

static void write_file(const char *path, const char *text)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);

    if (file == -1 || write(file, text, strlen(text)) == -1)
        perror(path);
    close(file);
}

static int become_root_inside(void)
{
    char users[64];
    char groups[64];

    snprintf(users, sizeof(users), "0 %u 1", getuid());
    snprintf(groups, sizeof(groups), "0 %u 1", getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return -1;
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", users);
    write_file("/proc/self/gid_map", groups);
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

// In a process of its own, because it may change what the next one finds. 0 when it was refused.
static int outcome(const struct attempt *attempt, struct target target, int inside)
{
    char own[] = "/tmp/intruder-XXXXXX";

    target.own = mkdtemp(own);
    if (inside && become_root_inside() != 0)
        return NO_NAMESPACE;
    errno = 0;
    return attempt->make(&target) >= 0 || errno == ENOSYS;
}

static void try(const struct attempt *attempt, const struct target *target, int inside)
{
    int status = 0;

    fflush(stdout);
    const pid_t child = fork();
    if (child == 0)
        _exit(outcome(attempt, *target, inside));
    waitpid(child, &status, 0);
    made++;
    if (status == 0)
        return;
    failures++;
    printf("FAILED %s, %s%s: %s\n", target->node, attempt->name, inside ? ", as root inside" : "",
           status == NO_NAMESPACE << 8 ? "no namespace can be made" : "got through, or ENOSYS");
}

static void try_all(const struct attempt *attempts, const struct target *target, int inside)
{
    for (; attempts->name != NULL; attempts++)
        try(attempts, target, inside);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: intruder DAEMON FOLDER NAME...\n", stderr);
        return 2;
    }
    for (int at = 3; at < argc; at++) {
        char node[PATH_MAX];
        const struct target target = { .node = node,
                                       .folder = argv[2],
                                       .daemon = (pid_t)strtol(argv[1], NULL, 10) };
        snprintf(node, sizeof(node), "%s/%s", argv[2], argv[at]);
        for (int inside = 0; inside <= 1; inside++) {
            try_all(attempts_on_files, &target, inside);
            try_all(attempts_on_the_daemon, &target, inside);
        }
        try_all(attempts_as_root_inside, &target, 1);
    }
    printf("%d attempts, %d of them successful\n", made, failures);
    return failures == 0 ? 0 : 1;
}
