// SPDX-License-Identifier: MIT
//
// The client's commands that change what it is and what it may do.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "client.h"
#include "filter.h"
#include "heap.h"

const char *program;

// become UID GID [GROUP]
static void run_become(char **words)
{
    const uid_t uid = (uid_t)number(words[0]);
    const gid_t gid = (gid_t)number(words[1]);
    gid_t group = words[2] ? (gid_t)number(words[2]) : 0;

    if (setgroups(words[2] ? 1 : 0, &group) != 0 || setresgid(gid, gid, gid) != 0)
        answer_result(-1);
    else
        answer_result(setresuid(uid, uid, uid));
}

static int write_file(const char *path, const char *text)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return -1;

    const ssize_t written = write(file, text, strlen(text));
    close(file);
    return written < 0 ? -1 : 0;
}

// unshare FLAGS; in a new user namespace this user is root
static void run_unshare(char **words)
{
    const int flags = (int)number(words[0]);
    char map[64];

    snprintf(map, sizeof(map), "0 %u 1", (unsigned)geteuid());
    int result = unshare(flags);
    if (result == 0 && (flags & CLONE_NEWUSER) != 0)
        result = write_file("/proc/self/setgroups", "deny") |
                 write_file("/proc/self/uid_map", map) | write_file("/proc/self/gid_map", map);
    answer_result(result);
}

// filter kill|errno: denies the system calls that passing a descriptor is made of
static void run_filter(char **words)
{
    answer_result(install_filter(strcmp(words[0], "kill") == 0));
}

// starve: no further address space from here on
static void run_starve(char **words)
{
    (void)words;
    const struct rlimit nothing = { .rlim_cur = 4096, .rlim_max = RLIM_INFINITY };

    answer_result(setrlimit(RLIMIT_AS, &nothing));
}

// feed: ends what starve began
static void run_feed(char **words)
{
    (void)words;
    const struct rlimit all = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

    answer_result(setrlimit(RLIMIT_AS, &all));
}

// chmod PATH MODE
static void run_chmod(char **words)
{
    answer_result(chmod(words[0], (mode_t)number(words[1])));
}

// hide: as a program that was not meant to be looked at
static void run_hide(char **words)
{
    (void)words;
    answer_result(prctl(PR_SET_DUMPABLE, 0));
}

static volatile sig_atomic_t handled;

static void count_signal(int signal_number)
{
    (void)signal_number;
    handled++;
}

// handle SIGNAL: counts it from here on
static void run_handle(char **words)
{
    const struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };

    answer_result(sigaction((int)number(words[0]), &action, NULL));
}

// handled -> how many there were
static void run_handled(char **words)
{
    (void)words;
    answer_result(handled);
}

// replace: this program again, from its start
static void run_replace(char **words)
{
    (void)words;
    answer("ok");
    execl("/proc/self/exe", program, (char *)NULL);
    fail("exec");
}

// ping
static void run_ping(char **words)
{
    (void)words;
    answer("ok");
}

const struct command process_commands[] = {
    { "chmod", 2, run_chmod },     { "become", 2, run_become }, { "unshare", 1, run_unshare },
    { "filter", 1, run_filter },   { "starve", 0, run_starve }, { "feed", 0, run_feed },
    { "hide", 0, run_hide },       { "handle", 1, run_handle }, { "handled", 0, run_handled },
    { "replace", 0, run_replace }, { "ping", 0, run_ping },     { NULL, 0, NULL },
};
