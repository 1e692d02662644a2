// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include "attempt.h"
#include "client.h"
#include "report.h"

enum { usual_flags = O_RDWR | O_CLOEXEC };

/// ALLOC with the row's len, fd, fd_flags and heap_flags.
static void fields(const struct row *row)
{
    struct dma_heap_allocation_data request = {
        .len = row->arg[0],
        .fd = (uint32_t)row->arg[1],
        .fd_flags = (uint32_t)row->arg[2],
        .heap_flags = row->arg[3],
    };

    observe_attempt((struct attempt){ .node = open_node(O_RDWR),
                                      .command = DMA_HEAP_IOCTL_ALLOC,
                                      .argument = &request,
                                      .readable = sizeof(request) });
}

#define ALLOC(name, ...) ROW("node.alloc." name, fields, .arg = { __VA_ARGS__ })
#define LEN(name, len) ALLOC("len-" name, (len), 0, usual_flags, 0)
#define FD(name, fd) ALLOC("fd-" name, page, (fd), usual_flags, 0)
#define FD_FLAGS(name, flags) ALLOC("fd_flags-" name, page, 0, (flags), 0)
#define HEAP_FLAGS(name, flags) ALLOC("heap_flags-" name, page, 0, usual_flags, (flags))

static const struct row rows[] = {
    LEN("0", 0),
    LEN("1", 1),
    LEN("4095", 4095),
    LEN("4096", 4096),
    LEN("4097", 4097),
    LEN("5000", 5000),
    LEN("8192", 8192),
    LEN("1MiB", 1 << 20),
    LEN("16MiB", 16 << 20),
    LEN("65MiB", 65 << 20),
    LEN("minus-1", UINT64_MAX),
    LEN("minus-4095", UINT64_MAX - 4094),
    FD("1", 1),
    FD("minus-1", UINT32_MAX),
    FD_FLAGS("O_RDONLY", O_RDONLY),
    FD_FLAGS("O_WRONLY", O_WRONLY),
    FD_FLAGS("O_RDWR", O_RDWR),
    FD_FLAGS("O_ACCMODE", O_ACCMODE),
    FD_FLAGS("O_RDONLY+O_CLOEXEC", O_RDONLY | O_CLOEXEC),
    FD_FLAGS("O_WRONLY+O_CLOEXEC", O_WRONLY | O_CLOEXEC),
    FD_FLAGS("O_RDWR+O_CLOEXEC", O_RDWR | O_CLOEXEC),
    FD_FLAGS("O_ACCMODE+O_CLOEXEC", O_ACCMODE | O_CLOEXEC),
    FD_FLAGS("4", 4),
    FD_FLAGS("O_CREAT", O_RDWR | O_CREAT),
    FD_FLAGS("O_EXCL", O_RDWR | O_EXCL),
    FD_FLAGS("O_NOCTTY", O_RDWR | O_NOCTTY),
    FD_FLAGS("O_TRUNC", O_RDWR | O_TRUNC),
    FD_FLAGS("O_APPEND", O_RDWR | O_APPEND),
    FD_FLAGS("O_NONBLOCK", O_RDWR | O_NONBLOCK),
    FD_FLAGS("O_SYNC", O_RDWR | O_SYNC),
    FD_FLAGS("O_DIRECT", O_RDWR | O_DIRECT),
    FD_FLAGS("O_LARGEFILE", O_RDWR | 0100000),
    FD_FLAGS("O_PATH", O_RDWR | O_PATH),
    FD_FLAGS("high-bit", O_RDWR | UINT32_C(1) << 31),
    FD_FLAGS("minus-1", UINT32_MAX),
    HEAP_FLAGS("1", 1),
    HEAP_FLAGS("2", 2),
    HEAP_FLAGS("bit-31", UINT64_C(1) << 31),
    HEAP_FLAGS("bit-32", UINT64_C(1) << 32),
    HEAP_FLAGS("bit-63", UINT64_C(1) << 63),
};

const struct chapter node_alloc_chapter = CHAPTER(rows);
