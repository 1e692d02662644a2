// SPDX-License-Identifier: MIT
// ION as Linux 4.12 to 5.10 had it: ALLOC, and everything that is no command of it.
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "attempt.h"
#include "client.h"
#include "ion_client.h"
#include "report.h"

enum { usual_len = 5000, mask_bits = 32 };

static const struct ion_allocation usual = { .len = usual_len, .heap_id_mask = 1U << usual_heap };

static void observe(int node, unsigned long command, void *argument, size_t readable)
{
    observe_attempt((struct attempt){ .node = node,
                                      .command = command,
                                      .argument = argument,
                                      .readable = readable,
                                      .fd_at = offsetof(struct ion_allocation, fd) });
}

static void try_alloc(int node, struct ion_allocation request)
{
    observe(node, ion_alloc, &request, sizeof(request));
}

/// Opened with the flags arg[0].
static void open_with(const struct row *row)
{
    try_alloc(open_node((int)row->arg[0]), usual);
}

/// len, heap_id_mask, flags, and what is in both `fd` and `unused`.
static void alloc(const struct row *row)
{
    try_alloc(open_node(O_RDWR), (struct ion_allocation){ .len = row->arg[0],
                                                          .heap_id_mask = (uint32_t)row->arg[1],
                                                          .flags = (uint32_t)row->arg[2],
                                                          .fd = (uint32_t)row->arg[3],
                                                          .unused = (uint32_t)row->arg[3] });
}

/// Each bit of the mask by itself.
static void alloc_each_bit(const struct row *row)
{
    (void)row;
    const int node = open_node(O_RDWR);

    for (unsigned bit = 0; bit < mask_bits; bit++) {
        struct ion_allocation request = { .len = page, .heap_id_mask = 1U << bit };
        say("%s%u ", bit == 0 ? "" : ", ", bit);
        say_result(ioctl(node, ion_alloc, &request));
    }
}

/// All that the small heap has, by the mask arg[0]: when it is from there, there is no more.
static void alloc_in_order(const struct row *row)
{
    struct ion_allocation first = { .len = small_size, .heap_id_mask = (uint32_t)row->arg[0] };
    struct ion_allocation small = { .len = page, .heap_id_mask = 1U << small_heap };
    const int node = open_node(O_RDWR);

    say_result(ioctl(node, ion_alloc, &first));
    say(", then the small heap ");
    say_result(ioctl(node, ion_alloc, &small));
}

/// By a user who may use the open heap only; the mask is arg[0], the length arg[1].
static void alloc_by_another(const struct row *row)
{
    struct ion_allocation request = { .len = row->arg[1], .heap_id_mask = (uint32_t)row->arg[0] };
    const int node = open_node(O_RDWR);

    become_another_user();
    say_result(ioctl(node, ion_alloc, &request));
}

static void alloc_without_room(const struct row *row)
{
    (void)row;
    struct ion_allocation request = usual;
    const int node = open_node(O_RDWR);

    observe_attempt((struct attempt){ .node = node,
                                      .command = ion_alloc,
                                      .argument = &request,
                                      .readable = sizeof(request),
                                      .limit = node + 1,
                                      .fd_at = offsetof(struct ion_allocation, fd) });
}

/// A buffer is zero, and keeps what is written to it when its descriptor and the node are closed.
static void mapped(const struct row *row)
{
    (void)row;
    struct ion_allocation request = usual;
    const int node = open_node(O_RDWR);

    say_result(ioctl(node, ion_alloc, &request));
    unsigned char *memory = map_buffer((int)request.fd, usual_len);
    close(node);
    close((int)request.fd);
    say(", %d and %d", memory[0], memory[usual_len - 1]);
    memory[0] = 1;
    say(", then %d", memory[0]);
}

/// The command arg[0] on a struct of zeros.
static void command(const struct row *row)
{
    static unsigned char zeros[page];

    observe(open_node(O_RDWR), (unsigned long)row->arg[0], zeros, sizeof(zeros));
}

/// The command arg[0] at the address arg[1].
static void address(const struct row *row)
{
    observe(open_node(O_RDWR), (unsigned long)row->arg[0], (void *)(uintptr_t)row->arg[1], 0);
}

/// ALLOC with a struct whose first arg[0] bytes are mapped.
static void cut(const struct row *row)
{
    const size_t size = (size_t)row->arg[0];

    observe(open_node(O_RDWR), ion_alloc, cut_copy(&usual, size), size);
}

/// ALLOC with a struct whose last bytes, from arg[0] on, are protected with arg[1].
static void protected_from(const struct row *row)
{
    const int protection = (int)row->arg[1];
    void *start = protected_copy(&usual, sizeof(usual), (size_t)row->arg[0], protection);

    observe(open_node(O_RDWR), ion_alloc, start, sizeof(usual));
}

static void tell_version(const struct row *row)
{
    (void)row;
    uint32_t version = 0;

    say_result(ioctl(open_node(O_RDWR), ion_abi_version, &version));
    say(", %u", version);
}

#define BIT(id) (1U << (id))
#define OPEN(flags) ROW("ion.open." #flags, open_with, .arg = { (flags) })
#define ALLOC(name, ...) ROW("ion.alloc." name, alloc, .arg = { __VA_ARGS__ })
#define COMMAND(name, number) ROW("ion.ioctl." name, command, .arg = { (number) })
#define ADDRESS(name, ...) ROW("ion.argument." name, address, .arg = { __VA_ARGS__ })
#define SIZED(name, size) COMMAND(name, _IOC(_IOC_READ | _IOC_WRITE, 'I', 0, (size)))

static const struct row rows[] = {
    OPEN(O_RDONLY),
    OPEN(O_WRONLY),
    OPEN(O_RDWR),
    ROW("ion.open.O_NONBLOCK", open_with, .arg = { O_RDWR | O_NONBLOCK }),
    ALLOC("len-0", 0, BIT(usual_heap)),
    ALLOC("len-minus-1", (uint64_t)-1, BIT(usual_heap)),
    ALLOC("len-0.mask-0", 0, 0),
    ALLOC("len-minus-1.mask-0", (uint64_t)-1, 0),
    ALLOC("len-1", 1, BIT(usual_heap)),
    ALLOC("len-4096", 4096, BIT(usual_heap)),
    ALLOC("len-5000", 5000, BIT(usual_heap)),
    ALLOC("len-8MiB", 8U << 20, BIT(usual_heap)),
    ALLOC("len-above-half", (uint64_t)1 << 46, BIT(usual_heap)),
    ALLOC("mask-0", page, 0),
    ALLOC("mask-of-none", page, ~(BIT(usual_heap) | BIT(small_heap) | BIT(open_heap))),
    ALLOC("mask-all", page, ~0U),
    ROW("ion.alloc.mask-each", alloc_each_bit),
    ALLOC("heap-too-small", 8U << 20, BIT(small_heap)),
    ALLOC("heap-too-small.or-another", 8U << 20, BIT(small_heap) | BIT(usual_heap)),
    ROW("ion.alloc.order.of-0-and-4", alloc_in_order, .arg = { BIT(usual_heap) | BIT(small_heap) }),
    ROW("ion.alloc.order.of-4-and-31", alloc_in_order, .arg = { BIT(small_heap) | BIT(open_heap) }),
    ALLOC("flags-1", page, BIT(usual_heap), 1),
    ALLOC("flags-3", page, BIT(usual_heap), 3),
    ALLOC("flags-all", page, BIT(usual_heap), ~0U),
    ALLOC("fd-5", page, BIT(usual_heap), 0, 5),
    ROW("ion.alloc.no-descriptor-free", alloc_without_room),
    ROW("ion.alloc.by-another.his", alloc_by_another, .arg = { BIT(open_heap), page }),
    ROW("ion.alloc.by-another.not-his", alloc_by_another, .arg = { BIT(usual_heap), page }),
    ROW("ion.alloc.by-another.all", alloc_by_another, .arg = { ~0U, page }),
    ROW("ion.alloc.by-another.all.too-large", alloc_by_another, .arg = { ~0U, 1U << 30 }),
    ROW("ion.alloc.by-another.none", alloc_by_another, .arg = { BIT(1), page }),
    ROW("ion.buffer.mapped", mapped),
    ADDRESS("null", 0xC0184900, 0),
    ADDRESS("unmapped", 0xC0184900, page),
    ADDRESS("kernel", 0xC0184900, (uintptr_t)-page),
    ADDRESS("null.HEAP_QUERY", 0xC0184908, 0),
    ADDRESS("null.ABI_VERSION", 0x80044909, 0),
    ADDRESS("null.FREE", 0xC0044901, 0),
    ADDRESS("null.unknown", _IOC(_IOC_READ | _IOC_WRITE, 'I', 77, 24), 0),
    ADDRESS("null.unknown-_IOR", _IOC(_IOC_READ, 'I', 77, 24), 0),
    ADDRESS("null.unknown-_IO", _IOC(_IOC_NONE, 'I', 77, 0), 0),
    ADDRESS("null.too-large", 0xC0204900, 0),
    ROW("ion.argument.mapped-0", cut, .arg = { 0 }),
    ROW("ion.argument.mapped-8", cut, .arg = { 8 }),
    ROW("ion.argument.mapped-23", cut, .arg = { 23 }),
    ROW("ion.argument.mapped-24", cut, .arg = { 24 }),
    ROW("ion.argument.two-pages", protected_from, .arg = { 12, PROT_READ | PROT_WRITE }),
    ROW("ion.argument.read-only", protected_from, .arg = { 0, PROT_READ }),
    ROW("ion.argument.read-only-from-12", protected_from, .arg = { 12, PROT_READ }),
    COMMAND("legacy-ALLOC", 0xC0204900),
    COMMAND("legacy-ALLOC-32", 0xC0144900),
    COMMAND("legacy-FREE", 0xC0044901),
    COMMAND("legacy-MAP", 0xC0084902),
    COMMAND("legacy-SHARE", 0xC0084904),
    COMMAND("legacy-IMPORT", 0xC0084905),
    COMMAND("legacy-SYNC", 0xC0084907),
    COMMAND("legacy-CUSTOM", 0xC0104906),
    COMMAND("legacy-CUSTOM-32", 0xC0084906),
    COMMAND("dma-heap-ALLOC", 0xC0184800),
    COMMAND("number-3", _IOC(_IOC_READ | _IOC_WRITE, 'I', 3, 24)),
    COMMAND("number-255", _IOC(_IOC_READ | _IOC_WRITE, 'I', 255, 24)),
    COMMAND("_IO", _IOC(_IOC_NONE, 'I', 0, 0)),
    COMMAND("_IOR", _IOC(_IOC_READ, 'I', 0, 24)),
    COMMAND("_IOW", _IOC(_IOC_WRITE, 'I', 0, 24)),
    SIZED("size-8", 8),
    SIZED("size-23", 23),
    SIZED("size-25", 25),
    SIZED("size-48", 48),
    COMMAND("number-255.size-25", _IOC(_IOC_READ | _IOC_WRITE, 'I', 255, 25)),
    COMMAND("TCGETS", TCGETS),
    ROW("ion.ioctl.ABI_VERSION", tell_version),
    ROW("ion.file.read", ion_read),
    ROW("ion.file.pread", ion_pread),
    ROW("ion.file.lseek", ion_lseek),
    ROW("ion.file.mmap", ion_mmap),
    ROW("ion.file.poll", ion_poll),
};

const struct chapter ion_modern_chapter = CHAPTER(rows);
