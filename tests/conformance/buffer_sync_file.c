// SPDX-License-Identifier: MIT
// DMA_BUF_IOCTL_EXPORT_SYNC_FILE and DMA_BUF_IOCTL_IMPORT_SYNC_FILE.
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <sys/ioctl.h>

#include "buffer_info.h"
#include "client.h"
#include "report.h"

static void say_sync_file(int file)
{
    struct pollfd watch = { .fd = file, .events = POLLIN | POLLOUT };

    say(", %s, link ", fcntl(file, F_GETFD) == FD_CLOEXEC ? "FD_CLOEXEC" : "0");
    say_link(file);
    say(", poll ");
    say_number(poll(&watch, 1, 0));
    say(" ");
    say_events((unsigned short)watch.revents);
}

/// Flags arg[0], fd arg[1], on a buffer of fd_flags arg[2].
static void export(const struct row *row)
{
    struct dma_buf_export_sync_file data = { .flags = (uint32_t)row->arg[0],
                                             .fd = (int32_t)row->arg[1] };
    int buffer = allocate(page, (uint32_t)row->arg[2]), lowest = lowest_free();
    struct census before = take_census();

    bool done = say_result(ioctl(buffer, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &data));
    say("%s", data.fd == lowest ? ", lowest free" : data.fd == -1 ? ", fd -1" : ", fd otherwise");
    say("%s", data.flags == (uint32_t)row->arg[0] ? "" : ", flags changed");
    say_change(before);
    if (done)
        say_sync_file(data.fd);
}

static void no_free_descriptor(const struct row *row)
{
    (void)row;
    struct dma_buf_export_sync_file data = { .flags = DMA_BUF_SYNC_RW, .fd = -1 };
    int buffer = allocate(page, O_RDWR);

    limit_descriptors(lowest_free());
    say_result(ioctl(buffer, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &data));
}

/// An exported file, given to another buffer with flags arg[0].
static void import(const struct row *row)
{
    struct dma_buf_export_sync_file exported = { .flags = DMA_BUF_SYNC_RW, .fd = -1 };
    struct dma_buf_import_sync_file data = { .flags = (uint32_t)row->arg[0] };
    struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
    int buffer = allocate(page, O_RDWR);

    say("export ");
    say_result(ioctl(allocate(page, O_RDWR), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &exported));
    data.fd = exported.fd;
    say(", import ");
    say_result(ioctl(buffer, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &data));
    say(", SYNC ");
    say_result(ioctl(buffer, DMA_BUF_IOCTL_SYNC, &sync));
}

static void import_number(const struct row *row)
{
    struct dma_buf_import_sync_file data = { .flags = (uint32_t)row->arg[0],
                                             .fd = (int32_t)row->arg[1] };

    say_result(ioctl(allocate(page, O_RDWR), DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &data));
}

static void import_something_else(const struct row *row)
{
    struct dma_buf_import_sync_file data = { .flags = DMA_BUF_SYNC_RW };
    int buffer = allocate(page, O_RDWR);

    data.fd = row->text != NULL ? open(row->text, O_RDONLY) : buffer;
    say_result(ioctl(buffer, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &data));
}

static void address(const struct row *row)
{
    say_result(ioctl(allocate(page, O_RDWR), (unsigned long)row->arg[0], (uintptr_t)row->arg[1]));
}

/// Other commands of these numbers, with valid flags.
static void command(const struct row *row)
{
    uint32_t space[16] = { DMA_BUF_SYNC_RW, UINT32_MAX };

    say_result(ioctl(allocate(page, O_RDWR), (unsigned long)row->arg[0], space));
}

#define EXPORT(name, ...) ROW("buffer.export_sync_file." name, export, .arg = { __VA_ARGS__ })
#define IMPORT(name, function, ...)                                                                \
    ROW("buffer.import_sync_file." name, function, .arg = { __VA_ARGS__ })
#define OTHER(name, function, ...) ROW("buffer." name, function, .arg = { __VA_ARGS__ })
#define SIZED(direction, number, size) _IOC((unsigned)(direction), 'b', number, size)

enum { no_fd = -1, in = _IOC_WRITE, out = _IOC_READ, both = _IOC_READ | _IOC_WRITE };

static const struct row rows[] = {
    EXPORT("flags-0", 0, no_fd, O_RDWR),
    EXPORT("flags-1", 1, no_fd, O_RDWR),
    EXPORT("flags-2", 2, no_fd, O_RDWR),
    EXPORT("flags-3", 3, no_fd, O_RDWR),
    EXPORT("flags-4", 4, no_fd, O_RDWR),
    EXPORT("flags-7", 7, no_fd, O_RDWR),
    EXPORT("flags-8", 8, no_fd, O_RDWR),
    EXPORT("flags-minus-1", UINT32_MAX, no_fd, O_RDWR),
    EXPORT("fd-0", 3, 0, O_RDWR),
    EXPORT("O_RDONLY", 3, no_fd, O_RDONLY),
    ROW("buffer.export_sync_file.no-free-descriptor", no_free_descriptor),
    OTHER("export_sync_file.null", address, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, 0),
    OTHER("export_sync_file._IOW", command, SIZED(in, 2, 8)),
    OTHER("export_sync_file.size-4", command, SIZED(both, 2, 4)),
    OTHER("export_sync_file.size-16", command, SIZED(both, 2, 16)),
    IMPORT("flags-0", import, 0),
    IMPORT("flags-1", import, 1),
    IMPORT("flags-2", import, 2),
    IMPORT("flags-3", import, 3),
    IMPORT("flags-4", import, 4),
    IMPORT("flags-7", import, 7),
    IMPORT("fd-minus-1", import_number, 3, no_fd),
    IMPORT("fd-minus-1.flags-0", import_number, 0, no_fd),
    IMPORT("fd-closed", import_number, 3, 200),
    ROW("buffer.import_sync_file.itself", import_something_else),
    ROW("buffer.import_sync_file.null-device", import_something_else, .text = "/dev/null"),
    ROW("buffer.import_sync_file.folder", import_something_else, .text = "/"),
    OTHER("import_sync_file.null", address, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, 0),
    OTHER("import_sync_file._IOWR", command, SIZED(both, 3, 8)),
    OTHER("import_sync_file._IOR", command, SIZED(out, 3, 8)),
    OTHER("import_sync_file.size-4", command, SIZED(in, 3, 4)),
};

const struct chapter buffer_sync_file_chapter = CHAPTER(rows);
