// SPDX-License-Identifier: MIT
// What can be done with a mapping of a buffer, and what is in it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/uio.h>

#include "client.h"
#include "report.h"

enum { two_pages = 2 * page };

static unsigned char *map_two_pages(void)
{
    int buffer = allocate(two_pages, O_RDWR);
    unsigned char *start = map_buffer(buffer, two_pages);

    close(buffer);
    memset(start, 7, two_pages);
    return start;
}

static void after_close(const struct row *row)
{
    (void)row;
    unsigned char *start = map_two_pages();

    start[page] = 8;
    say("reads %d and %d", start[0], start[page]);
}

static void remap(const struct row *row)
{
    unsigned char *start = map_two_pages();
    unsigned char *moved = mremap(start, two_pages, (size_t)row->arg[0], (int)row->arg[1]);

    if (say_result(moved == MAP_FAILED ? -1 : 0))
        say(", %s, reads %d", moved == start ? "in place" : "moved", moved[0]);
}

/// To another place that is asked for.
static void remap_fixed(const struct row *row)
{
    (void)row;
    unsigned char *start = map_two_pages();
    void *wanted = mmap(NULL, two_pages, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *moved =
        mremap(start, two_pages, two_pages, MREMAP_MAYMOVE | MREMAP_FIXED, wanted);

    if (say_result(moved == MAP_FAILED ? -1 : 0))
        say(", %s, reads %d", moved == wanted ? "where asked" : "elsewhere", moved[0]);
}

/// A mapping with protection arg[1], on a descriptor with flags arg[0], gets protection arg[2].
static void protect(const struct row *row)
{
    int buffer = allocate(page, (uint32_t)row->arg[0]), protection = (int)row->arg[2];
    volatile unsigned char *start = mmap(NULL, page, (int)row->arg[1], (int)row->arg[3], buffer, 0);

    if (start == MAP_FAILED) {
        say("mmap ");
        say_result(-1);
        return;
    }
    if (!say_result(mprotect((void *)start, page, protection)))
        return;
    if ((protection & PROT_WRITE) != 0)
        start[0] = 9;
    if ((protection & PROT_READ) != 0)
        say(", reads %d", start[0]);
}

static void write_to_read_only(const struct row *row)
{
    (void)row;
    volatile unsigned char *start =
        mmap(NULL, page, PROT_READ, MAP_SHARED, allocate(page, O_RDWR), 0);

    say("reads %d", start[0]);
    start[0] = 1;
    say(", written");
}

static void unmap_half(const struct row *row)
{
    (void)row;
    unsigned char *start = map_two_pages();

    say_result(munmap(start, page));
    say(", reads %d", start[page]);
}

static void advise(const struct row *row)
{
    unsigned char *start = map_two_pages();

    if (say_result(madvise(start, two_pages, (int)row->arg[0])))
        say(", reads %d", start[0]);
}

static void lock(const struct row *row)
{
    (void)row;
    say_result(mlock(map_two_pages(), two_pages));
}

static void synchronise(const struct row *row)
{
    say_result(msync(map_two_pages(), two_pages, (int)row->arg[0]));
}

static void resident(const struct row *row)
{
    (void)row;
    unsigned char pages[2] = { 0, 0 };

    if (say_result(mincore(map_two_pages(), two_pages, pages)))
        say(", %d and %d", pages[0] & 1, pages[1] & 1);
}

/// As a debugger reads it, and as the kernel reads it for a system call.
static void read_by_kernel(const struct row *row)
{
    (void)row;
    unsigned char *start = map_two_pages(), copy[8];
    struct iovec to = { copy, sizeof(copy) }, from = { start, sizeof(copy) };
    int ends[2];

    say("process_vm_readv ");
    say_number(process_vm_readv(getpid(), &to, 1, &from, 1, 0));
    if (pipe(ends) == -1)
        return;
    say(", write ");
    say_number(write(ends[1], start, sizeof(copy)));
    say(", read ");
    say_number(read(ends[0], start + page, sizeof(copy)));
    say(", vmsplice ");
    say_number(vmsplice(ends[1], &from, 1, 0));
}

/// How the mapping is shown: permissions, offset and file.
static void shown(const struct row *row)
{
    (void)row;
    char line[4096], permissions[8], file[4096];
    unsigned char *start = map_two_pages();
    unsigned long begin, offset;
    FILE *maps = fopen("/proc/self/maps", "re");

    while (fgets(line, sizeof(line), maps) != NULL) {
        file[0] = '\0';
        if (sscanf(line, "%lx-%*x %7s %lx %*s %*s %4095[^\n]", &begin, permissions, &offset,
                   file) >= 3 &&
            begin == (unsigned long)(uintptr_t)start) {
            say("%s, offset %lu, ", permissions, offset);
            say_masked(file);
        }
    }
}

static bool all_zero(const unsigned char *start, size_t size)
{
    return start[0] == 0 && memcmp(start, start + 1, size - 1) == 0;
}

static void zeroed(const struct row *row)
{
    size_t size = (row->arg[0] + page - 1) / page * page;

    say("%s",
        all_zero(map_buffer(allocate(row->arg[0], O_RDWR), size), size) ? "all zero" : "not zero");
}

/// Memory that another buffer has just let go of holds nothing of it.
static void zeroed_again(const struct row *row)
{
    (void)row;
    enum { size = 1 << 20, times = 16 };
    int clean = 0;

    for (int i = 0; i < times; i++) {
        int buffer = allocate(size, O_RDWR);
        unsigned char *start = map_buffer(buffer, size);
        clean += all_zero(start, size);
        memset(start, 0xff, size);
        munmap(start, size);
        close(buffer);
    }
    say("all zero %d times of %d", clean, times);
}

/// Two buffers are two memories.
static void apart(const struct row *row)
{
    (void)row;
    unsigned char *one = map_two_pages();
    unsigned char *other = map_buffer(allocate(two_pages, O_RDWR), two_pages);

    say("%s", all_zero(other, two_pages) ? "apart, " : "the same, ");
    memset(other, 1, two_pages);
    say("reads %d", one[0]);
}

#define MAPPED(name, function, ...) ROW("buffer.mapped." name, function, .arg = { __VA_ARGS__ })

enum { r = PROT_READ, rw = PROT_READ | PROT_WRITE, rx = PROT_READ | PROT_EXEC };

static const struct row rows[] = {
    ROW("buffer.mapped.descriptor-closed", after_close),
    MAPPED("mremap-same", remap, two_pages, 0),
    MAPPED("mremap-smaller", remap, page, 0),
    MAPPED("mremap-larger", remap, 3 * page, MREMAP_MAYMOVE),
    ROW("buffer.mapped.mremap-moved", remap_fixed),
    MAPPED("mprotect.O_RDWR.r-to-rw", protect, O_RDWR, r, rw, MAP_SHARED),
    MAPPED("mprotect.O_RDWR.rw-to-r", protect, O_RDWR, rw, r, MAP_SHARED),
    MAPPED("mprotect.O_RDWR.rw-to-none", protect, O_RDWR, rw, PROT_NONE, MAP_SHARED),
    MAPPED("mprotect.O_RDWR.none-to-rw", protect, O_RDWR, PROT_NONE, rw, MAP_SHARED),
    MAPPED("mprotect.O_RDWR.r-to-rx", protect, O_RDWR, r, rx, MAP_SHARED),
    MAPPED("mprotect.O_RDONLY.r-to-rw", protect, O_RDONLY, r, rw, MAP_SHARED),
    MAPPED("mprotect.O_RDONLY.private-r-to-rw", protect, O_RDONLY, r, rw, MAP_PRIVATE),
    ROW("buffer.mapped.write-to-read-only", write_to_read_only),
    ROW("buffer.mapped.munmap-half", unmap_half),
    MAPPED("madvise-DONTNEED", advise, MADV_DONTNEED),
    MAPPED("madvise-REMOVE", advise, MADV_REMOVE),
    MAPPED("madvise-DONTFORK", advise, MADV_DONTFORK),
    MAPPED("madvise-DOFORK", advise, MADV_DOFORK),
    ROW("buffer.mapped.mlock", lock),
    MAPPED("msync-MS_SYNC", synchronise, MS_SYNC),
    MAPPED("msync-MS_ASYNC", synchronise, MS_ASYNC),
    ROW("buffer.mapped.mincore", resident),
    ROW("buffer.mapped.read-by-the-kernel", read_by_kernel),
    ROW("buffer.mapped.shown", shown),
    MAPPED("zero.len-1", zeroed, 1),
    MAPPED("zero.len-5000", zeroed, 5000),
    MAPPED("zero.len-1MiB", zeroed, 1 << 20),
    ROW("buffer.mapped.zero.reused", zeroed_again),
    ROW("buffer.mapped.apart", apart),
};

const struct chapter buffer_mapped_chapter = CHAPTER(rows);
