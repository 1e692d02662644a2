// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "client.h"
#include "report.h"

enum { nobody = 65534 };

static void say_alloc(int node)
{
    struct dma_heap_allocation_data request = { .len = page, .fd_flags = O_RDWR | O_CLOEXEC };

    say(", ALLOC ");
    say_result(ioctl(node, DMA_HEAP_IOCTL_ALLOC, &request));
}

static void say_opened(int node)
{
    if (node == -1) {
        say_result(-1);
        return;
    }
    say("ok, ");
    say_flags(fcntl(node, F_GETFL));
    say_alloc(node);
}

static void open_flags(const struct row *row)
{
    int lowest = lowest_free();
    int node = open(node_path, (int)row->arg[0], 0600);

    say_opened(node);
    if (node != -1 && node != lowest)
        say(", not at the lowest free");
}

static void open_as_nobody(const struct row *row)
{
    (void)row;
    if (setgroups(0, NULL) == -1 || setresgid(nobody, nobody, nobody) == -1 ||
        setresuid(nobody, nobody, nobody) == -1) {
        say("cannot become another user");
        return;
    }
    say_opened(open(node_path, O_RDWR));
}

static void open_twice(const struct row *row)
{
    (void)row;
    int first = open_node(O_RDWR), second = open_node(O_RDWR);

    close(first);
    say_opened(second);
}

static void reopen(const struct row *row)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", open_node((int)row->arg[0]));
    say_opened(open(path, O_RDWR));
}

static void duplicate(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR), copy = dup(node);

    close(node);
    say_opened(copy);
}

static void forked(void *node)
{
    say_opened(*(int *)node);
}

static void inherit(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR);

    in_child(forked, &node);
}

static void pass(const struct row *row)
{
    (void)row;
    int ends[2], node = open_node(O_RDWR);

    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    pid_t child = fork();
    if (child == 0) {
        close(node);
        say_opened(receive_descriptor(ends[1]));
        end_row();
    }
    send_descriptor(ends[0], node);
    wait_for(child);
}

static void status(const struct row *row)
{
    (void)row;
    struct stat status;
    const char *type = "other";

    if (stat(node_path, &status) == -1) {
        say_result(-1);
        return;
    }
    if (S_ISCHR(status.st_mode))
        type = "c";
    else if (S_ISREG(status.st_mode))
        type = "-";
    say("%s %04o, uid %u, gid %u, %u links, size %lld, blocks %lld, %s device number", type,
        status.st_mode & 07777, status.st_uid, status.st_gid, (unsigned)status.st_nlink,
        (long long)status.st_size, (long long)status.st_blocks, status.st_rdev != 0 ? "a" : "no");
}

#define OPEN(name, flags) ROW("node.open." name, open_flags, .arg = { (flags) })

static const struct row rows[] = {
    ROW("node.stat", status),
    OPEN("O_RDONLY", O_RDONLY),
    OPEN("O_WRONLY", O_WRONLY),
    OPEN("O_RDWR", O_RDWR),
    OPEN("O_ACCMODE", O_ACCMODE),
    OPEN("O_CLOEXEC", O_RDWR | O_CLOEXEC),
    OPEN("O_CREAT", O_RDWR | O_CREAT),
    OPEN("O_EXCL", O_RDWR | O_EXCL),
    OPEN("O_CREAT+O_EXCL", O_RDWR | O_CREAT | O_EXCL),
    OPEN("O_TRUNC", O_RDWR | O_TRUNC),
    OPEN("O_RDONLY+O_TRUNC", O_RDONLY | O_TRUNC),
    OPEN("O_CREAT+O_TRUNC", O_RDWR | O_CREAT | O_TRUNC),
    OPEN("O_APPEND", O_RDWR | O_APPEND),
    OPEN("O_NONBLOCK", O_RDWR | O_NONBLOCK),
    OPEN("O_SYNC", O_RDWR | O_SYNC),
    OPEN("O_DSYNC", O_RDWR | O_DSYNC),
    OPEN("O_NOCTTY", O_RDWR | O_NOCTTY),
    OPEN("O_NOATIME", O_RDWR | O_NOATIME),
    OPEN("O_NOFOLLOW", O_RDWR | O_NOFOLLOW),
    OPEN("O_DIRECT", O_RDWR | O_DIRECT),
    OPEN("O_DIRECTORY", O_RDONLY | O_DIRECTORY),
    OPEN("O_TMPFILE", O_RDWR | O_TMPFILE),
    OPEN("O_PATH", O_PATH),
    ROW("node.open.as-another-user", open_as_nobody),
    ROW("node.open.twice", open_twice),
    ROW("node.open.through-proc", reopen, .arg = { O_RDWR }),
    ROW("node.open.through-proc-O_PATH", reopen, .arg = { O_PATH }),
    ROW("node.open.duplicated", duplicate),
    ROW("node.open.inherited", inherit),
    ROW("node.open.passed", pass),
};

const struct chapter node_open_chapter = CHAPTER(rows);
