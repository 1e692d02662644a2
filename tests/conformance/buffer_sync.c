// SPDX-License-Identifier: MIT
// DMA_BUF_IOCTL_SYNC.
#include <fcntl.h>
#include <string.h>

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "client.h"
#include "report.h"

/// SYNC with flags arg[0] on a buffer of fd_flags arg[1].
static void flags(const struct row *row)
{
    struct dma_buf_sync sync = { .flags = row->arg[0] };

    say_result(ioctl(allocate(page, (uint32_t)row->arg[1]), DMA_BUF_IOCTL_SYNC, &sync));
    say(", struct %s", sync.flags == row->arg[0] ? "as passed" : "changed");
}

static void mapped(const struct row *row)
{
    struct dma_buf_sync sync = { .flags = row->arg[0] };
    int buffer = allocate(page, O_RDWR);
    unsigned char *start = map_buffer(buffer, page);

    start[0] = 5;
    say_result(ioctl(buffer, DMA_BUF_IOCTL_SYNC, &sync));
    say(", reads %d", start[0]);
}

/// The two flags in turn, twice each.
static void sequence(const struct row *row)
{
    int buffer = allocate(page, O_RDWR);

    for (int i = 0; i < 4; i++) {
        struct dma_buf_sync sync = { .flags = row->arg[i / 2] };
        say("%s", i == 0 ? "" : ", ");
        say_result(ioctl(buffer, DMA_BUF_IOCTL_SYNC, &sync));
    }
}

static void address(const struct row *row)
{
    say_result(ioctl(allocate(page, O_RDWR), DMA_BUF_IOCTL_SYNC, (uintptr_t)row->arg[0]));
}

static void straddle_unmapped(const struct row *row)
{
    const struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
    unsigned char *start = end_of_mapped() - row->arg[0];
    int buffer = allocate(page, O_RDWR);

    memcpy(start, &sync, row->arg[0]);
    say_result(ioctl(buffer, DMA_BUF_IOCTL_SYNC, start));
}

static void read_only(const struct row *row)
{
    (void)row;
    struct dma_buf_sync *sync =
        mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int buffer = allocate(page, O_RDWR);

    sync->flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW;
    mprotect(sync, page, PROT_READ);
    say_result(ioctl(buffer, DMA_BUF_IOCTL_SYNC, sync));
}

/// Other commands of SYNC's number, on valid flags.
static void command(const struct row *row)
{
    unsigned char space[64] = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };

    say_result(ioctl(allocate(page, O_RDWR), (unsigned long)row->arg[0], space));
}

#define SYNC(name, function, ...) ROW("buffer.sync." name, function, .arg = { __VA_ARGS__ })
#define FLAGS(name, value) SYNC("flags-" name, flags, (value), O_RDWR)
#define COMMAND(name, direction, letter, number, size)                                             \
    SYNC(name, command, _IOC((unsigned)(direction), letter, number, size))

enum { none = _IOC_NONE, in = _IOC_WRITE, out = _IOC_READ, both = _IOC_READ | _IOC_WRITE };

static const struct row rows[] = {
    FLAGS("0", 0),
    FLAGS("1", 1),
    FLAGS("2", 2),
    FLAGS("3", 3),
    FLAGS("4", 4),
    FLAGS("5", 5),
    FLAGS("6", 6),
    FLAGS("7", 7),
    FLAGS("8", 8),
    FLAGS("9", 9),
    FLAGS("15", 15),
    FLAGS("16", 16),
    FLAGS("3-and-bit-8", 3 | UINT64_C(1) << 8),
    FLAGS("3-and-bit-31", 3 | UINT64_C(1) << 31),
    FLAGS("3-and-bit-32", 3 | UINT64_C(1) << 32),
    FLAGS("3-and-bit-63", 3 | UINT64_C(1) << 63),
    FLAGS("minus-1", UINT64_MAX),
    SYNC("O_RDONLY.flags-1", flags, 1, O_RDONLY),
    SYNC("O_RDONLY.flags-3", flags, 3, O_RDONLY),
    SYNC("O_WRONLY.flags-3", flags, 3, O_WRONLY),
    SYNC("O_ACCMODE.flags-3", flags, 3, O_ACCMODE),
    SYNC("mapped.flags-1", mapped, 1),
    SYNC("mapped.flags-3", mapped, 3),
    SYNC("mapped.flags-7", mapped, 7),
    SYNC("twice", sequence, 3, 7),
    SYNC("end-first", sequence, 7, 3),
    SYNC("null", address, 0),
    SYNC("unmapped", address, page),
    SYNC("mapped-4", straddle_unmapped, 4),
    SYNC("mapped-8", straddle_unmapped, 8),
    ROW("buffer.sync.read-only", read_only),
    COMMAND("_IO", none, 'b', 0, 0),
    COMMAND("_IOR", out, 'b', 0, 8),
    COMMAND("_IOWR", both, 'b', 0, 8),
    COMMAND("size-4", in, 'b', 0, 4),
    COMMAND("size-16", in, 'b', 0, 16),
    COMMAND("letter-H", in, 'H', 0, 8),
};

const struct chapter buffer_sync_chapter = CHAPTER(rows);
