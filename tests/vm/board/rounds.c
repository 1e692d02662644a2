// SPDX-License-Identifier: MIT
//
// Takes N buffers of a heap at once, again and again. None may be refused, and none may hold what
// was written into it before. Says how long an allocation took.

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>

#include "heap.h"

enum { page = 4096, most = 64 };

struct times {
    double *microseconds;
    size_t count;
};

static double now(void)
{
    struct timespec time = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int timed_allocation(int heap, size_t size, struct times *times)
{
    const double before = now();
    const int buffer = heap_allocate(heap, size);

    times->microseconds[times->count++] = now() - before;
    return buffer;
}

/// A page in which a buffer is looked into.
static unsigned char *map_page(int buffer, size_t offset)
{
    void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, (off_t)offset);

    if (memory == MAP_FAILED)
        give_up("mmap");
    return memory;
}

static void soil(int buffer, size_t offset)
{
    unsigned char *memory = map_page(buffer, offset);

    memset(memory, 0xa5, page);
    munmap(memory, page);
}

static void check_zero(int buffer, size_t offset)
{
    static const unsigned char zeroes[page];
    unsigned char *memory = map_page(buffer, offset);

    errno = EBADMSG;
    if (memcmp(memory, zeroes, page) != 0)
        give_up("a new buffer is not zero");
    munmap(memory, page);
}

/// Looks into the beginning, the middle and the end, and leaves something there.
static void use(int buffer, size_t size)
{
    const size_t offsets[] = { 0, size / 2 / page * page, size - page };

    for (unsigned i = 0; i < 3; i++)
        check_zero(buffer, offsets[i]);
    for (unsigned i = 0; i < 3; i++)
        soil(buffer, offsets[i]);
}

static void one_round(int heap, size_t size, unsigned count, struct times *times)
{
    int buffer[most];

    for (unsigned i = 0; i < count; i++)
        buffer[i] = timed_allocation(heap, size, times);
    for (unsigned i = 0; i < count; i++) {
        use(buffer[i], size);
        close(buffer[i]);
    }
}

static int by_value(const void *one, const void *other)
{
    const double a = *(const double *)one;
    const double b = *(const double *)other;

    return (a > b) - (a < b);
}

static double percentile(const struct times *times, unsigned percent)
{
    return times->microseconds[(times->count - 1) * percent / 100];
}

int main(int argc, char **argv)
{
    struct times times = { 0 };

    if (argc != 5 || number(argv[3]) > most || number(argv[3]) * number(argv[4]) == 0) {
        fprintf(stderr, "usage: rounds HEAP KIB BUFFERS ROUNDS\n");
        return 2;
    }
    const size_t size = (size_t)number(argv[2]) * 1024;
    const unsigned count = number(argv[3]);
    const unsigned rounds = number(argv[4]);
    const int heap = heap_open(argv[1]);

    times.microseconds = calloc((size_t)count * rounds, sizeof(*times.microseconds));
    if (times.microseconds == NULL)
        give_up("calloc");
    for (unsigned i = 0; i < rounds; i++)
        one_round(heap, size, count, &times);

    qsort(times.microseconds, times.count, sizeof(*times.microseconds), by_value);
    printf("%u rounds of %u buffers, none refused: p50 %.0f us, p99 %.0f us\n", rounds, count,
           percentile(&times, 50), percentile(&times, 99));
    free(times.microseconds);
    return 0;
}
