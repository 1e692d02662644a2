// SPDX-License-Identifier: MIT
//
// raw NODE [gate]
//
// A program without a C library that allocates with next to no stack: an untouchable page lies
// below the stack pointer, at once or a few bytes away, and known bytes all around it. With `gate`
// a 64-bit program allocates through the system call gate of 32-bit ones.
#include "raw.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PAGE = 4096,
    CANARY = 0xa5,
    OPEN_READ_WRITE = 2,
    CLOSE_ON_EXEC = 02000000,
    MAP_ANONYMOUSLY = 0x22,
    MAP_TOGETHER = 0x01,
    READ_WRITE = 3,
};

#ifdef __x86_64__
enum {
    CLOSE = 3,
    WRITE = 1,
    OPEN = 2,
    MAP = 9,
    PROTECT = 10,
    UNMAP = 11,
    CONTROL = 16,
    DUPLICATE = 32
};
#else
enum {
    CLOSE = 6,
    WRITE = 4,
    OPEN = 5,
    MAP = 192,
    PROTECT = 125,
    UNMAP = 91,
    CONTROL = 54,
    DUPLICATE = 41
};
#endif
enum { GATE_CONTROL = 54 };

#define ALLOCATE 0xc0184800u

struct request {
    uint64_t len;
    uint32_t fd;
    uint32_t fd_flags;
    uint64_t heap_flags;
};

static size_t length(const char *text)
{
    size_t count = 0;

    while (text[count] != '\0')
        count++;
    return count;
}

static void say(const char *text)
{
    raw_call(WRITE, 1, (word)text, length(text), 0, 0, 0);
}

static int failed(const char *what, long result)
{
    char digits[] = " 0000\n";

    result = result < 0 ? -result : result;
    for (int at = 4; at > 0; at--, result /= 10)
        digits[at] = (char)('0' + result % 10);
    say("failed: ");
    say(what);
    say(digits);
    return 1;
}

static int is_error(long result)
{
    return (word)result > (word)-4096;
}

static unsigned char *map(size_t size, long fd)
{
    const word flags = fd < 0 ? MAP_ANONYMOUSLY : MAP_TOGETHER;
    const long memory = raw_call(MAP, 0, size, READ_WRITE, flags, (word)fd, 0);

    return is_error(memory) ? NULL : (unsigned char *)memory;
}

// The byte through one mapping must be seen through another.
static int is_memory(long fd)
{
    unsigned char *writing = map(PAGE, fd);
    unsigned char *reading = map(PAGE, fd);
    if (writing == NULL || reading == NULL)
        return 0;

    ((volatile unsigned char *)writing)[17] = 42;
    const int same = ((volatile unsigned char *)reading)[17] == 42;
    raw_call(UNMAP, (word)writing, PAGE, 0, 0, 0, 0);
    raw_call(UNMAP, (word)reading, PAGE, 0, 0, 0, 0);
    return same;
}

// The upper one of two pages; the lower one cannot be touched.
static volatile unsigned char *guarded_page(void)
{
    unsigned char *pages = map(2 * (size_t)PAGE, -1);

    if (pages == NULL || raw_call(PROTECT, (word)pages, PAGE, 0, 0, 0, 0) != 0)
        return NULL;
    return pages + PAGE;
}

static int intact(const volatile unsigned char *page, size_t from, size_t to)
{
    for (size_t at = from; at < to; at++)
        if (page[at] != CANARY)
            return 0;
    return 1;
}

// The request lies on that stack, at its very top.
static int allocate_on(volatile unsigned char *page, size_t distance, long heap)
{
    const size_t top = PAGE - sizeof(struct request);
    volatile struct request *request = (volatile struct request *)(page + top);

    for (size_t at = 0; at < top; at++)
        page[at] = CANARY;
    request->len = PAGE;
    request->fd = 0;
    request->fd_flags = OPEN_READ_WRITE | CLOSE_ON_EXEC;
    request->heap_flags = 0;

    const long expected = raw_call(DUPLICATE, (word)heap, 0, 0, 0, 0, 0);
    raw_call(CLOSE, (word)expected, 0, 0, 0, 0, 0);
    const long result =
        raw_call_on((void *)(page + distance), CONTROL, (word)heap, ALLOCATE, (word)request);
    if (result != 0)
        return failed("ioctl", result);
    if (!intact(page, 0, distance))
        return failed("bytes below the stack pointer were changed", 0);
    if (!intact(page, distance, top))
        return failed("bytes of the stack were changed", 0);
    if (request->fd != (word)expected || !is_memory(expected))
        return failed("the descriptor", (long)request->fd);
    return (int)raw_call(CLOSE, (word)expected, 0, 0, 0, 0, 0);
}

static int allocate_with_little_stack(long heap)
{
    static const size_t distances[] = { 0, 8, 64, 128, 256, 512, 1000 };
    volatile unsigned char *page = guarded_page();

    if (page == NULL)
        return failed("mmap", 0);
    for (size_t index = 0; index < sizeof(distances) / sizeof(distances[0]); index++)
        for (int round = 0; round < 20; round++)
            if (allocate_on(page, distances[index], heap) != 0)
                return 1;
    return 0;
}

#ifdef __x86_64__
// An error is as good as a buffer here, but nothing between the two.
static int allocate_through_gate(long heap)
{
    static struct request request = { .len = PAGE, .fd_flags = OPEN_READ_WRITE | CLOSE_ON_EXEC };
    const long result = raw_call_gate(GATE_CONTROL, (word)heap, ALLOCATE, (word)&request);

    if (is_error(result)) {
        say("an error\n");
        return 0;
    }
    if (result != 0 || !is_memory((long)request.fd))
        return failed("gate", result);
    return (int)raw_call(CLOSE, request.fd, 0, 0, 0, 0, 0);
}
#else
static int allocate_through_gate(long heap)
{
    return allocate_with_little_stack(heap);
}
#endif

int raw_main(int argc, char **argv)
{
    if (argc < 2)
        return failed("usage: raw NODE [gate]", 0);

    const long heap = raw_call(OPEN, (word)argv[1], OPEN_READ_WRITE | CLOSE_ON_EXEC, 0, 0, 0, 0);
    if (is_error(heap))
        return failed("open", heap);

    const int status = argc > 2 ? allocate_through_gate(heap) : allocate_with_little_stack(heap);
    const long next = raw_call(DUPLICATE, (word)heap, 0, 0, 0, 0, 0);
    if (status == 0 && next != heap + 1)
        return failed("a descriptor is left", next);
    if (status == 0)
        say("ok\n");
    return status;
}
