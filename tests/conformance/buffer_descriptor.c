// SPDX-License-Identifier: MIT
// What the buffer's descriptor tells about itself.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "buffer_info.h"
#include "client.h"
#include "report.h"

enum { usual_flags = O_RDWR | O_CLOEXEC };

static void descriptor_flags(const struct row *row)
{
    int buffer = allocate(page, (uint32_t)row->arg[0]);

    say_flags(fcntl(buffer, F_GETFL));
    say("%s", fcntl(buffer, F_GETFD) == FD_CLOEXEC ? ", FD_CLOEXEC" : ", 0");
}

static void set_flags(const struct row *row)
{
    int buffer = allocate(page, usual_flags);

    say_result(fcntl(buffer, F_SETFL, (int)row->arg[0]));
    say(", ");
    say_flags(fcntl(buffer, F_GETFL));
}

static void status(const struct row *row)
{
    struct stat status;

    if (!say_result(fstat(allocate(row->arg[0], usual_flags), &status)))
        return;
    say(", size %lld, blocks %lld, mode %07o, uid %u, gid %u, %u links, block size %ld, %s device",
        (long long)status.st_size, (long long)status.st_blocks, status.st_mode, status.st_uid,
        status.st_gid, (unsigned)status.st_nlink, (long)status.st_blksize,
        status.st_rdev != 0 ? "a" : "no");
}

static void file_system(const struct row *row)
{
    (void)row;
    struct statfs status;

    if (say_result(fstatfs(allocate(page, usual_flags), &status)))
        say(", type 0x%lx", (unsigned long)status.f_type);
}

/// Programs tell buffers apart by their inodes.
static void inodes(const struct row *row)
{
    (void)row;
    struct stat one, other, copy;
    int buffer = allocate(page, usual_flags);

    fstat(buffer, &one);
    fstat(allocate(page, usual_flags), &other);
    fstat(dup(buffer), &copy);
    say("%s device, %s inode", one.st_dev == other.st_dev ? "same" : "another",
        one.st_ino == other.st_ino ? "same" : "another");
    say("; dup: %s device, %s inode", one.st_dev == copy.st_dev ? "same" : "another",
        one.st_ino == copy.st_ino ? "same" : "another");
}

static void link_text(const struct row *row)
{
    (void)row;
    say_link(allocate(page, usual_flags));
}

static void open_again(const struct row *row)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", allocate(page, O_RDWR));
    int again = open(path, (int)row->arg[0]);
    say_result(again == -1 ? -1 : 0);
    if (again != -1) {
        say(", ");
        say_flags(fcntl(again, F_GETFL));
    }
}

static void info_keys(const struct row *row)
{
    (void)row;
    say_info_keys(allocate(page, usual_flags));
}

static void info(const struct row *row)
{
    say_info(allocate(2 * page, usual_flags), row->text);
}

static void count_duplicated(const struct row *row)
{
    (void)row;
    int buffer = allocate(page, usual_flags), copy = dup(buffer);

    say_info(buffer, "count");
    close(copy);
    say(", after close ");
    say_info(buffer, "count");
}

/// Whoever gave the buffer does not hold it for a moment longer.
static void count_at_once(const struct row *row)
{
    long before = 0;

    (void)row;
    for (int round = 0; round < 100; ++round) {
        int buffer = allocate(page, usual_flags);
        long count = count_of(buffer);

        if (count != before)
            say_info(buffer, "count");
        before = count;
        close(buffer);
    }
}

static void count_mapped(const struct row *row)
{
    (void)row;
    int buffer = allocate(page, usual_flags);

    map_buffer(buffer, page);
    say_info(buffer, "count");
}

/// A copy works after the descriptor that it is a copy of is closed.
static void duplicated(const struct row *row)
{
    int buffer = allocate(2 * page, usual_flags), lowest = lowest_free();
    int copy = fcntl(buffer, (int)row->arg[0], 0);

    close(buffer);
    say("%s, ", copy == lowest ? "lowest free" : "another");
    say_flags(fcntl(copy, F_GETFL));
    say("%s, size ", fcntl(copy, F_GETFD) == FD_CLOEXEC ? ", FD_CLOEXEC" : ", 0");
    say_number(lseek(copy, 0, SEEK_END));
    map_buffer(copy, 2 * page)[page] = 1;
    say(", mapped");
}

static void node_closed(const struct row *row)
{
    (void)row;
    struct dma_heap_allocation_data request = { .len = page, .fd_flags = usual_flags };
    int node = open_node(O_RDWR);

    say("ALLOC ");
    if (!say_result(ioctl(node, DMA_HEAP_IOCTL_ALLOC, &request)))
        return;
    unsigned char *early = map_buffer((int)request.fd, page);
    early[0] = 1;
    close(node);
    unsigned char *late = map_buffer((int)request.fd, page);
    say(", the early mapping reads %d, the late %d", early[0], late[0]);
}

static void closed(const struct row *row)
{
    (void)row;
    int buffer = allocate(page, usual_flags);
    struct census before = take_census();

    say_result(close(buffer));
    say_change(before);
    say(", then ");
    say_result(close(buffer));
}

#define BUFFER(name, function, ...) ROW("buffer." name, function, .arg = { __VA_ARGS__ })
#define FLAGS(name, flags) BUFFER("F_GETFL." name, descriptor_flags, flags)
#define INFO(key) ROW("buffer.fdinfo." key, info, .text = (key))

static const struct row rows[] = {
    FLAGS("O_RDONLY", O_RDONLY),
    FLAGS("O_WRONLY", O_WRONLY),
    FLAGS("O_RDWR", O_RDWR),
    FLAGS("O_ACCMODE", O_ACCMODE),
    FLAGS("O_RDONLY+O_CLOEXEC", O_RDONLY | O_CLOEXEC),
    FLAGS("O_WRONLY+O_CLOEXEC", O_WRONLY | O_CLOEXEC),
    FLAGS("O_RDWR+O_CLOEXEC", O_RDWR | O_CLOEXEC),
    FLAGS("O_ACCMODE+O_CLOEXEC", O_ACCMODE | O_CLOEXEC),
    BUFFER("F_SETFL.O_NONBLOCK", set_flags, O_NONBLOCK),
    BUFFER("F_SETFL.O_APPEND", set_flags, O_APPEND),
    BUFFER("F_SETFL.O_DIRECT", set_flags, O_DIRECT),
    BUFFER("F_SETFL.O_ASYNC", set_flags, O_ASYNC),
    BUFFER("fstat.len-1", status, 1),
    BUFFER("fstat.len-4096", status, 4096),
    BUFFER("fstat.len-5000", status, 5000),
    BUFFER("fstat.len-1MiB", status, 1 << 20),
    ROW("buffer.fstatfs", file_system),
    ROW("buffer.inodes", inodes),
    ROW("buffer.readlink", link_text),
    BUFFER("open-again.O_RDONLY", open_again, O_RDONLY),
    BUFFER("open-again.O_WRONLY", open_again, O_WRONLY),
    BUFFER("open-again.O_RDWR", open_again, O_RDWR),
    BUFFER("open-again.O_PATH", open_again, O_PATH),
    ROW("buffer.fdinfo.keys", info_keys),
    INFO("size"),
    INFO("count"),
    INFO("exp_name"),
    INFO("name"),
    ROW("buffer.fdinfo.count-at-once", count_at_once),
    ROW("buffer.fdinfo.count-duplicated", count_duplicated),
    ROW("buffer.fdinfo.count-mapped", count_mapped),
    BUFFER("dup", duplicated, F_DUPFD),
    BUFFER("dup-cloexec", duplicated, F_DUPFD_CLOEXEC),
    ROW("buffer.node-closed", node_closed),
    ROW("buffer.close", closed),
};

const struct chapter buffer_descriptor_chapter = CHAPTER(rows);
