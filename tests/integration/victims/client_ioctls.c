// SPDX-License-Identifier: MIT
//
// The client's commands that ask a heap for buffers, properly and improperly.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "client.h"
#include "heap.h"

enum { PAGE = 4096, MAX_SAMPLES = 4096 };

// alloc HEAP SIZE [FD_FLAGS] -> FD; an error says 1 when the struct was not left as it was
static void run_alloc(char **words)
{
    struct dma_heap_allocation_data data = {
        .len = number(words[1]),
        .fd_flags = words[2] ? (uint32_t)number(words[2]) : O_RDWR | O_CLOEXEC,
    };
    const struct dma_heap_allocation_data passed = data;

    if (ioctl((int)number(words[0]), DMA_HEAP_IOCTL_ALLOC, &data) != 0)
        answer("error %d %d", errno, memcmp(&data, &passed, sizeof(data)) != 0);
    else if (data.len != passed.len || data.fd_flags != passed.fd_flags || data.heap_flags != 0)
        answer("error %d 1", EILSEQ);
    else
        answer_result(data.fd);
}

size_t from_hex(const char *text, unsigned char *bytes, size_t room)
{
    const size_t size = strlen(text) / 2;

    errno = ERANGE;
    if (size > room)
        fail("too many bytes");
    for (size_t at = 0; at < size; at++) {
        const char digits[3] = { text[2 * at], text[2 * at + 1], '\0' };
        bytes[at] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return size;
}

// ioctl FD COMMAND HEX -> RESULT HEX
static void run_ioctl(char **words)
{
    unsigned char bytes[PAGE] = { 0 };
    char hex[2 * PAGE + 1] = "";
    const size_t size = from_hex(words[2], bytes, sizeof(bytes));

    const int result = ioctl((int)number(words[0]), (unsigned long)number(words[1]), bytes);
    const int error = errno;
    for (size_t at = 0; at < size; at++)
        sprintf(hex + 2 * at, "%02x", (unsigned)bytes[at]);

    if (result < 0)
        answer("error %d %s", error, hex);
    else
        answer("ok %d %s", result, hex);
}

// A page between two that cannot be touched.
static unsigned char *lone_page(void)
{
    unsigned char *pages =
        mmap(NULL, 3 * (size_t)PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE) != 0)
        fail("lone page");
    return pages + PAGE;
}

static void *place(const char *name, unsigned char *page)
{
    const struct dma_heap_allocation_data data = { .len = PAGE, .fd_flags = O_RDWR | O_CLOEXEC };

    if (strcmp(name, "null") == 0)
        return NULL;
    if (strcmp(name, "unmapped") == 0)
        return page + PAGE;
    if (strcmp(name, "straddling") == 0) {
        memcpy(page + PAGE - 12, &data, 12);
        return page + PAGE - 12;
    }
    memcpy(page, &data, sizeof(data));
    if (strcmp(name, "read-only") == 0)
        mprotect(page, PAGE, PROT_READ);
    return page;
}

// alloc-at HEAP PLACE, where PLACE is null, unmapped, straddling, read-only or writable
static void run_alloc_at(char **words)
{
    unsigned char *page = lone_page();
    void *data = place(words[1], page);
    const int result = ioctl((int)number(words[0]), DMA_HEAP_IOCTL_ALLOC, data);
    const int error = errno;

    munmap(page - PAGE, 3 * (size_t)PAGE);
    errno = error;
    answer_result(result);
}

// repeat COUNT FD COMMAND HEX -> how many succeeded, the last errno
static void run_repeat(char **words)
{
    unsigned char passed[PAGE] = { 0 };
    unsigned char bytes[PAGE];
    unsigned long long good = 0;
    int error = 0;

    from_hex(words[3], passed, sizeof(passed));
    for (unsigned long long left = number(words[0]); left > 0; left--) {
        memcpy(bytes, passed, sizeof(bytes));
        if (ioctl((int)number(words[1]), (unsigned long)number(words[2]), bytes) >= 0)
            good++;
        else
            error = errno;
    }
    answer("ok %llu %d", good, error);
}

static int earlier(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

static uint64_t nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// One allocation and close; how long it took, or 0 with errno set.
static uint64_t one_cycle(int heap, uint64_t size)
{
    const uint64_t start = nanoseconds();
    const int buffer = heap_alloc(heap, size, O_RDWR | O_CLOEXEC);

    if (buffer < 0)
        return 0;
    close(buffer);
    return nanoseconds() - start;
}

// cycle HEAP SIZE COUNT -> how many succeeded, the last errno, the median in nanoseconds
static void run_cycle(char **words)
{
    static uint64_t samples[MAX_SAMPLES];
    unsigned long long good = 0;
    int error = 0;

    for (unsigned long long left = number(words[2]); left > 0; left--) {
        const uint64_t sample = one_cycle((int)number(words[0]), number(words[1]));
        if (sample != 0)
            samples[good++ % MAX_SAMPLES] = sample;
        else
            error = errno;
    }

    const size_t count = good < MAX_SAMPLES ? (size_t)good : MAX_SAMPLES;
    qsort(samples, count, sizeof(samples[0]), earlier);
    answer("ok %llu %d %llu", good, error,
           count == 0 ? 0ULL : (unsigned long long)samples[count / 2]);
}

// take HEAP SIZE COUNT -> how many succeeded, the last errno, the median of an allocation alone, in
// nanoseconds. All are held until the last one was had.
static void run_take(char **words)
{
    static uint64_t samples[MAX_SAMPLES];
    static int buffers[MAX_SAMPLES];
    const size_t wanted = (size_t)number(words[2]);
    size_t good = 0;
    int error = 0;

    while (good < wanted && good < MAX_SAMPLES && error == 0) {
        const uint64_t start = nanoseconds();
        buffers[good] = heap_alloc((int)number(words[0]), number(words[1]), O_RDWR | O_CLOEXEC);
        samples[good] = nanoseconds() - start;
        if (buffers[good] < 0)
            error = errno;
        else
            good++;
    }
    for (size_t i = 0; i < good; i++)
        close(buffers[i]);
    qsort(samples, good, sizeof(samples[0]), earlier);
    answer("ok %llu %d %llu", (unsigned long long)good, error,
           good == 0 ? 0ULL : (unsigned long long)samples[good / 2]);
}

// cycle-on HEAP SIZE: until the first error or the end of the process
static void run_cycle_on(char **words)
{
    while (one_cycle((int)number(words[0]), number(words[1])) != 0)
        continue;
    answer_result(-1);
}

// check FD SIZE VALUE: that the buffer is memory
static void run_check(char **words)
{
    answer_result(
        buffer_check((int)number(words[0]), number(words[1]), (unsigned char)number(words[2])));
}

const struct command ioctl_commands[] = {
    { "alloc", 2, run_alloc },   { "ioctl", 3, run_ioctl }, { "alloc-at", 2, run_alloc_at },
    { "repeat", 4, run_repeat }, { "cycle", 3, run_cycle }, { "cycle-on", 2, run_cycle_on },
    { "check", 3, run_check },   { "take", 3, run_take },   { NULL, 0, NULL },
};
