// SPDX-License-Identifier: MIT
// ION as Linux 3.4 to 4.11 had it: ALLOC, and what is no command of it.
#include <asm/ioctls.h>
#include <fcntl.h>

#include <linux/ioctl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "attempt.h"
#include "client.h"
#include "ion_client.h"
#include "report.h"

enum { usual_len = 5000, mask_bits = 32 };

typedef struct ion_legacy_allocation allocation;

static const allocation usual = {
    .len = usual_len, .align = page, .heap_id_mask = 1U << usual_heap, .handle = -7
};

/// ALLOC, of which only the handle may change.
static void try_alloc(int node, allocation request)
{
    allocation after = request;

    if (say_result(ioctl(node, ion_legacy_alloc, &after)))
        say(", handle %d", after.handle);
    else if (after.handle != request.handle)
        say(", another handle");
    if (after.len != request.len || after.align != request.align ||
        after.heap_id_mask != request.heap_id_mask || after.flags != request.flags)
        say(", struct changed");
}

static void open_with(const struct row *row)
{
    try_alloc(open_node((int)row->arg[0]), usual);
}

/// len, heap_id_mask, flags, align.
static void alloc(const struct row *row)
{
    allocation request = usual;

    request.len = (size_t)row->arg[0];
    request.heap_id_mask = (uint32_t)row->arg[1];
    request.flags = (uint32_t)row->arg[2];
    request.align = (size_t)row->arg[3];
    try_alloc(open_node(O_RDWR), request);
}

/// Each bit of the mask by itself.
static void alloc_each_bit(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR);

    for (unsigned bit = 0; bit < mask_bits; bit++) {
        allocation request = { .len = page, .heap_id_mask = 1U << bit };
        say("%s%u ", bit == 0 ? "" : ", ", bit);
        say_result(ioctl(node, ion_legacy_alloc, &request));
    }
}

/// All that the small heap has, by the mask arg[0]: when it is from there, there is no more.
static void alloc_in_order(const struct row *row)
{
    allocation first = { .len = small_size, .heap_id_mask = (uint32_t)row->arg[0] };
    allocation small = { .len = page, .heap_id_mask = 1U << small_heap };
    const int node = open_node(O_RDWR);

    say_result(ioctl(node, ion_legacy_alloc, &first));
    say(", then the small heap ");
    say_result(ioctl(node, ion_legacy_alloc, &small));
}

/// By a user who may use the open heap only; the mask is arg[0], the length arg[1].
static void alloc_by_another(const struct row *row)
{
    allocation request = usual;
    const int node = open_node(O_RDWR);

    request.heap_id_mask = (uint32_t)row->arg[0];
    request.len = (size_t)row->arg[1];
    become_another_user();
    try_alloc(node, request);
}

static void observe(unsigned long command, void *argument, size_t readable)
{
    observe_attempt((struct attempt){ .node = open_node(O_RDWR),
                                      .command = command,
                                      .argument = argument,
                                      .readable = readable });
}

/// The command arg[0] on a struct of zeros.
static void command(const struct row *row)
{
    static unsigned char zeros[page];

    observe((unsigned long)row->arg[0], zeros, sizeof(zeros));
}

/// The command arg[0] at the address arg[1].
static void address(const struct row *row)
{
    observe((unsigned long)row->arg[0], (void *)(uintptr_t)row->arg[1], 0);
}

/// ALLOC with a struct whose first arg[0] bytes are mapped.
static void cut(const struct row *row)
{
    const size_t size = (size_t)row->arg[0];

    observe(ion_legacy_alloc, cut_copy(&usual, size), size);
}

/// ALLOC with a struct that cannot be written from arg[0] on; no handle is left of it.
static void read_only(const struct row *row)
{
    const int node = open_node(O_RDWR);

    say_result(ioctl(node, ion_legacy_alloc,
                     protected_copy(&usual, sizeof(usual), (size_t)row->arg[0], PROT_READ)));
    say(", then ");
    try_alloc(node, usual);
}

#define BIT(id) (1U << (id))
#define OPEN(name, flags) ROW("legacy.open." name, open_with, .arg = { (flags) })
#define ALLOC(name, ...) ROW("legacy.alloc." name, alloc, .arg = { __VA_ARGS__ })
#define COMMAND(name, number) ROW("legacy.ioctl." name, command, .arg = { (number) })
#define ADDRESS(name, ...) ROW("legacy.argument." name, address, .arg = { __VA_ARGS__ })
#define OF_BOTH(number, size) _IOC(_IOC_READ | _IOC_WRITE, 'I', (number), (size))
#define HALF ((size_t)1 << (8 * sizeof(size_t) - 1))

static const struct row rows[] = {
    OPEN("O_RDONLY", O_RDONLY),
    OPEN("O_WRONLY", O_WRONLY),
    OPEN("O_RDWR", O_RDWR),
    ALLOC("len-0", 0, BIT(usual_heap)),
    ALLOC("len-minus-1", (size_t)-1, BIT(usual_heap)),
    ALLOC("len-0.mask-0", 0, 0),
    ALLOC("len-1", 1, BIT(usual_heap)),
    ALLOC("len-5000", usual_len, BIT(usual_heap)),
    ALLOC("len-8MiB", 8U << 20, BIT(usual_heap)),
    ALLOC("len-above-half", HALF, BIT(usual_heap)),
    ALLOC("mask-0", page, 0),
    ALLOC("mask-of-none", page, ~(BIT(usual_heap) | BIT(small_heap) | BIT(open_heap))),
    ALLOC("mask-all", page, ~0U),
    ROW("legacy.alloc.mask-each", alloc_each_bit),
    ALLOC("heap-too-small", 8U << 20, BIT(small_heap)),
    ALLOC("heap-too-small.or-another", 8U << 20, BIT(small_heap) | BIT(usual_heap)),
    ROW("legacy.alloc.order.of-0-and-4", alloc_in_order,
        .arg = { BIT(usual_heap) | BIT(small_heap) }),
    ROW("legacy.alloc.order.of-4-and-31", alloc_in_order,
        .arg = { BIT(small_heap) | BIT(open_heap) }),
    ALLOC("flags-3", page, BIT(usual_heap), 3),
    ALLOC("flags-all", page, BIT(usual_heap), ~0U),
    ALLOC("align-1", page, BIT(usual_heap), 0, 1),
    ALLOC("align-4096", page, BIT(usual_heap), 0, page),
    ALLOC("align-4097", page, BIT(usual_heap), 0, page + 1),
    ALLOC("align-8192", page, BIT(usual_heap), 0, 2 * page),
    ALLOC("align-8192.mask-0", page, 0, 0, 2 * page),
    ROW("legacy.alloc.by-another.his", alloc_by_another, .arg = { BIT(open_heap), page }),
    ROW("legacy.alloc.by-another.not-his", alloc_by_another, .arg = { BIT(usual_heap), page }),
    ROW("legacy.alloc.by-another.all", alloc_by_another, .arg = { ~0U, page }),
    ROW("legacy.alloc.by-another.all.too-large", alloc_by_another, .arg = { ~0U, 1U << 30 }),
    ROW("legacy.alloc.by-another.none", alloc_by_another, .arg = { BIT(1), page }),
    ROW("legacy.argument.null", cut, .arg = { 0 }),
    ROW("legacy.argument.mapped-8", cut, .arg = { 8 }),
    ROW("legacy.argument.mapped-19", cut, .arg = { 19 }),
    ROW("legacy.argument.read-only", read_only, .arg = { 0 }),
    ROW("legacy.argument.read-only-from-8", read_only, .arg = { 8 }),
    ADDRESS("null.FREE", 0xC0044901, 0),
    ADDRESS("null.SHARE", 0xC0084904, 0),
    ADDRESS("null.MAP", 0xC0084902, 0),
    ADDRESS("null.IMPORT", 0xC0084905, 0),
    ADDRESS("null.SYNC", 0xC0084907, 0),
    ADDRESS("null.CUSTOM", sizeof(size_t) == 8 ? 0xC0104906 : 0xC0084906, 0),
    ADDRESS("unmapped.SHARE", 0xC0084904, page),
    ADDRESS("kernel.SHARE", 0xC0084904, (uintptr_t)-page),
    COMMAND("ALLOC-of-other-bits", sizeof(size_t) == 8 ? 0xC0144900 : 0xC0204900),
    COMMAND("CUSTOM", sizeof(size_t) == 8 ? 0xC0104906 : 0xC0084906),
    COMMAND("CUSTOM-of-other-bits", sizeof(size_t) == 8 ? 0xC0084906 : 0xC0104906),
    COMMAND("modern-ALLOC", 0xC0184900),
    COMMAND("modern-HEAP_QUERY", 0xC0184908),
    COMMAND("modern-ABI_VERSION", 0x80044909),
    COMMAND("dma-heap-ALLOC", 0xC0184800),
    COMMAND("number-3", OF_BOTH(3, 8)),
    COMMAND("number-255", OF_BOTH(255, 8)),
    COMMAND("size-32", OF_BOTH(255, 32)),
    COMMAND("size-33", OF_BOTH(255, 33)),
    COMMAND("size-48", OF_BOTH(0, 48)),
    COMMAND("FREE-_IOW", _IOC(_IOC_WRITE, 'I', 1, 4)),
    COMMAND("TCGETS", TCGETS),
    ROW("legacy.file.read", ion_read),
    ROW("legacy.file.pread", ion_pread),
    ROW("legacy.file.lseek", ion_lseek),
    ROW("legacy.file.mmap", ion_mmap),
    ROW("legacy.file.poll", ion_poll),
};

const struct chapter ion_legacy_chapter = CHAPTER(rows);
