// SPDX-License-Identifier: MIT
// Which mappings of a buffer can be made.
#include <fcntl.h>

#include <sys/mman.h>

#include "client.h"
#include "report.h"

static const uint64_t buffer_size = 2 * page;

/// Touches what was mapped: a mapping that cannot be used ends the row.
static void touch(volatile unsigned char *start, size_t length, int protection)
{
    if ((protection & PROT_WRITE) != 0) {
        start[0] = 1;
        start[length - 1] = 2;
    }
    if ((protection & PROT_READ) != 0)
        say(", reads %d and %d", start[0], start[length - 1]);
}

static void map_whole(const struct row *row)
{
    int buffer = allocate(row->arg[3] != 0 ? row->arg[3] : buffer_size, (uint32_t)row->arg[0]);
    size_t length = row->arg[3] != 0 ? row->arg[3] : buffer_size;
    int protection = (int)row->arg[1];
    void *start = mmap(NULL, length, protection, (int)row->arg[2], buffer, 0);

    if (say_result(start == MAP_FAILED ? -1 : 0))
        touch(start, length, protection);
}

/// Length arg[0] at offset arg[1] of a buffer of two pages.
static void map_part(const struct row *row)
{
    int buffer = allocate(buffer_size, O_RDWR);
    void *start = mmap(NULL, (size_t)row->arg[0], PROT_READ | PROT_WRITE, MAP_SHARED, buffer,
                       (off_t)row->arg[1]);

    if (say_result(start == MAP_FAILED ? -1 : 0))
        touch(start, (size_t)row->arg[0], PROT_READ | PROT_WRITE);
}

/// The second page, mapped alone, is the second page.
static void map_second_page(const struct row *row)
{
    (void)row;
    int buffer = allocate(buffer_size, O_RDWR);
    unsigned char *whole = map_buffer(buffer, buffer_size);
    unsigned char *second = mmap(NULL, page, PROT_READ, MAP_SHARED, buffer, page);

    whole[0] = 1;
    whole[page] = 2;
    if (say_result(second == MAP_FAILED ? -1 : 0))
        say(", reads %d", second[0]);
}

/// A whole number of pages, though len was none.
static void map_rounded(const struct row *row)
{
    (void)row;
    unsigned char *start = map_buffer(allocate(5000, O_RDWR), buffer_size);

    start[buffer_size - 1] = 3;
    say("reads %d", start[buffer_size - 1]);
}

static void map_fixed(const struct row *row)
{
    unsigned char *wanted = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int buffer = allocate(page, O_RDWR);

    void *start =
        mmap(wanted, page, PROT_READ | PROT_WRITE, MAP_SHARED | (int)row->arg[0], buffer, 0);
    if (!say_result(start == MAP_FAILED ? -1 : 0))
        return;
    say("%s", start == wanted ? ", where asked" : ", elsewhere");
    touch(start, page, PROT_READ | PROT_WRITE);
}

enum { r = PROT_READ, w = PROT_WRITE, rw = PROT_READ | PROT_WRITE, rx = PROT_READ | PROT_EXEC };

#define MAP(name, function, ...) ROW("buffer.mmap." name, function, .arg = { __VA_ARGS__ })
#define EACH_KIND(mode)                                                                            \
    MAP(#mode ".shared-none", map_whole, mode, PROT_NONE, MAP_SHARED),                             \
        MAP(#mode ".shared-r", map_whole, mode, r, MAP_SHARED),                                    \
        MAP(#mode ".shared-w", map_whole, mode, w, MAP_SHARED),                                    \
        MAP(#mode ".shared-rw", map_whole, mode, rw, MAP_SHARED),                                  \
        MAP(#mode ".shared-rx", map_whole, mode, rx, MAP_SHARED),                                  \
        MAP(#mode ".validate-rw", map_whole, mode, rw, MAP_SHARED_VALIDATE),                       \
        MAP(#mode ".private-none", map_whole, mode, PROT_NONE, MAP_PRIVATE),                       \
        MAP(#mode ".private-r", map_whole, mode, r, MAP_PRIVATE),                                  \
        MAP(#mode ".private-rw", map_whole, mode, rw, MAP_PRIVATE),                                \
        MAP(#mode ".private-rw-one-page", map_whole, mode, rw, MAP_PRIVATE, page)

static const struct row rows[] = {
    EACH_KIND(O_RDONLY),
    EACH_KIND(O_WRONLY),
    EACH_KIND(O_RDWR),
    EACH_KIND(O_ACCMODE),
    MAP("populate", map_whole, O_RDWR, rw, MAP_SHARED | MAP_POPULATE),
    MAP("locked", map_whole, O_RDWR, rw, MAP_SHARED | MAP_LOCKED),
    MAP("fixed", map_fixed, MAP_FIXED),
    MAP("fixed-noreplace", map_fixed, MAP_FIXED_NOREPLACE),
    ROW("buffer.mmap.len-5000", map_rounded),
    MAP("1MiB", map_whole, O_RDWR, rw, MAP_SHARED, 1 << 20),
    MAP("first-page", map_part, page, 0),
    MAP("first-byte", map_part, 1, 0),
    ROW("buffer.mmap.second-page", map_second_page),
    MAP("length-0", map_part, 0, 0),
    MAP("length-5000", map_part, 5000, 0),
    MAP("beyond-size", map_part, 3 * page, 0),
    MAP("beyond-size-from-second", map_part, 2 * page, page),
    MAP("beyond-size-by-a-byte", map_part, 2 * page + 1, 0),
    MAP("at-size", map_part, page, 2 * page),
    MAP("after-size", map_part, page, 3 * page),
    MAP("offset-100", map_part, page, 100),
    MAP("offset-1TiB", map_part, page, UINT64_C(1) << 40),
    MAP("offset-4EiB", map_part, page, UINT64_C(1) << 62),
    MAP("offset-minus-4096", map_part, page, UINT64_MAX - 4095),
    MAP("offset-minus-4096.two-pages", map_part, 2 * page, UINT64_MAX - 4095),
};

const struct chapter buffer_map_chapter = CHAPTER(rows);
