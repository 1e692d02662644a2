// SPDX-License-Identifier: MIT
// ALLOC with a struct that cannot be read or written, or with something else wrong besides.
#include <fcntl.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "attempt.h"
#include "client.h"
#include "report.h"

typedef struct dma_heap_allocation_data request;

static const request usual = { .len = page, .fd_flags = O_RDWR | O_CLOEXEC };

static void observe(unsigned long command, void *argument, size_t readable)
{
    observe_attempt((struct attempt){ .node = open_node(O_RDWR),
                                      .command = command,
                                      .argument = argument,
                                      .readable = readable });
}

static void address(const struct row *row)
{
    observe(DMA_HEAP_IOCTL_ALLOC, (void *)(uintptr_t)row->arg[0], 0);
}

/// The first arg[0] bytes of the struct are mapped; the command is arg[1].
static void straddle_unmapped(const struct row *row)
{
    size_t mapped = row->arg[0];
    unsigned char *start = end_of_mapped() - mapped;

    memcpy(start, &usual, mapped < sizeof(usual) ? mapped : sizeof(usual));
    observe((unsigned long)row->arg[1], start, mapped);
}

/// A struct of len arg[2] whose byte 0 is arg[1] bytes before the end of a page; pages are then
/// protected with arg[0].
static void protected_page(const struct row *row)
{
    request data = { .len = row->arg[2], .fd_flags = usual.fd_flags };
    int protection = (int)row->arg[0];
    unsigned char *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *start = pages + page - row->arg[1];

    memcpy(start, &data, sizeof(data));
    mprotect(pages, page, PROT_READ | PROT_WRITE);
    mprotect(pages + page, page, protection);
    observe(DMA_HEAP_IOCTL_ALLOC, start, protection == PROT_NONE ? 0 : sizeof(data));
}

static void unaligned(const struct row *row)
{
    (void)row;
    unsigned char space[sizeof(request) + 1];

    memcpy(space + 1, &usual, sizeof(usual));
    observe(DMA_HEAP_IOCTL_ALLOC, space + 1, sizeof(usual));
}

/// The struct is in a shared mapping, as that of a file.
static void shared_page(const struct row *row)
{
    (void)row;
    request *data = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    *data = usual;
    observe(DMA_HEAP_IOCTL_ALLOC, data, sizeof(*data));
}

/// The struct is in a buffer of this very heap.
static void in_buffer(const struct row *row)
{
    (void)row;
    request *data = (request *)map_buffer(allocate(page, O_RDWR), page);

    *data = usual;
    observe(DMA_HEAP_IOCTL_ALLOC, data, sizeof(*data));
}

static void again(const struct row *row)
{
    (void)row;
    request data = usual;

    ioctl(open_node(O_RDWR), DMA_HEAP_IOCTL_ALLOC, &data);
    observe(DMA_HEAP_IOCTL_ALLOC, &data, sizeof(data));
}

#define ARGUMENT(name, function, ...) ROW("node.argument." name, function, .arg = { __VA_ARGS__ })
#define STRADDLE(mapped)                                                                           \
    ARGUMENT("mapped-" #mapped, straddle_unmapped, mapped, DMA_HEAP_IOCTL_ALLOC)

static const struct row rows[] = {
    ARGUMENT("null", address, 0),
    ARGUMENT("unmapped", address, page),
    ARGUMENT("kernel", address, (uintptr_t)-page),
    STRADDLE(0),
    STRADDLE(8),
    STRADDLE(12),
    STRADDLE(23),
    STRADDLE(24),
    ARGUMENT("size-48.mapped-24", straddle_unmapped, 24, _IOC(_IOC_READ | _IOC_WRITE, 'H', 0, 48)),
    ARGUMENT("size-8.mapped-8", straddle_unmapped, 8, _IOC(_IOC_READ | _IOC_WRITE, 'H', 0, 8)),
    ARGUMENT("inaccessible", protected_page, PROT_NONE, 0, page),
    ARGUMENT("read-only", protected_page, PROT_READ, 0, page),
    ARGUMENT("read-only.len-0", protected_page, PROT_READ, 0, 0),
    ARGUMENT("read-only-from-8", protected_page, PROT_READ, 8, page),
    ARGUMENT("read-only-from-12", protected_page, PROT_READ, 12, page),
    ARGUMENT("inaccessible-from-12", protected_page, PROT_NONE, 12, page),
    ARGUMENT("two-pages", protected_page, PROT_READ | PROT_WRITE, 12, page),
    ROW("node.argument.unaligned", unaligned),
    ROW("node.argument.shared-page", shared_page),
    ROW("node.argument.in-a-buffer", in_buffer),
    ROW("node.argument.as-returned", again),
    ARGUMENT("null.other-number", straddle_unmapped, 0, _IOWR('H', 1, request)),
    ARGUMENT("null.direction-none", straddle_unmapped, 0, _IO('H', 0)),
};

const struct chapter node_argument_chapter = CHAPTER(rows);
