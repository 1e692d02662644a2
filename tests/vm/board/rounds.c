// SPDX-License-Identifier: MIT
//
// Takes N buffers of a heap at once, again and again. None may be refused, and none may hold what
// was written into it before. Prints how many microseconds each allocation took.

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>

#include "heap.h"

enum { page = 4096, most = 64 };

static double now(void)
{
    struct timespec time = { 0 };

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int timed_allocation(int heap, size_t size)
{
    const double before = now();
    const int buffer = heap_allocate(heap, size);

    printf("%.0f\n", now() - before);
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

static void one_round(int heap, size_t size, unsigned count)
{
    int buffer[most];

    for (unsigned i = 0; i < count; i++)
        buffer[i] = timed_allocation(heap, size);
    for (unsigned i = 0; i < count; i++) {
        use(buffer[i], size);
        close(buffer[i]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5 || number(argv[3]) > most || number(argv[3]) * number(argv[4]) == 0) {
        fprintf(stderr, "usage: rounds HEAP KIB BUFFERS ROUNDS\n");
        return 2;
    }
    const size_t size = (size_t)number(argv[2]) * 1024;
    const unsigned count = number(argv[3]);
    const unsigned rounds = number(argv[4]);
    const int heap = heap_open(argv[1]);

    for (unsigned i = 0; i < rounds; i++)
        one_round(heap, size, count);
    return 0;
}
