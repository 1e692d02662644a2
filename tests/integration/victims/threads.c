// SPDX-License-Identifier: MIT
//
// threads NODE MODE ROUNDS [THREADS]
#include "threads.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "heap.h"

enum { PAGE = 4096 };

int heap;

pthread_t start_thread(void *(*body)(void *), void *argument)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 4 * (size_t)PAGE);
    errno = pthread_create(&thread, &attributes, body, argument);
    if (errno != 0)
        fail("pthread_create");
    pthread_attr_destroy(&attributes);
    return thread;
}

void join_thread(pthread_t thread)
{
    errno = pthread_join(thread, NULL);
    if (errno != 0)
        fail("pthread_join");
}

void allocate_and_prove(unsigned pages)
{
    const uint64_t size = (uint64_t)pages * PAGE;
    struct stat status;

    const int buffer = heap_alloc(heap, size, O_RDWR | O_CLOEXEC);
    if (buffer < 0)
        fail("ioctl");
    if (fstat(buffer, &status) != 0)
        fail("fstat");
    errno = EILSEQ;
    if ((uint64_t)status.st_size != size)
        fail("the descriptor is of another buffer");
    if (buffer_check(buffer, size, (unsigned char)pages) != 0)
        fail("the buffer");
    if (close(buffer) != 0)
        fail("close");
}

static int run(const char *mode, int rounds, int threads)
{
    if (strcmp(mode, "crowd") == 0)
        return run_crowd(threads, rounds);
    if (strcmp(mode, "others") == 0)
        return run_others(rounds);
    if (strcmp(mode, "orphaned") == 0)
        return run_orphaned(rounds);
    if (strcmp(mode, "unshared") == 0)
        return run_unshared(rounds);
    if (strcmp(mode, "vfork") == 0)
        return run_vfork(rounds);
    if (strcmp(mode, "replaced") == 0)
        return run_replaced(rounds);
    errno = EINVAL;
    fail(mode);
}

int main(int argc, char **argv)
{
    errno = EINVAL;
    if (argc < 4)
        fail("usage: threads NODE MODE ROUNDS [THREADS]");

    heap = open(argv[1], O_RDWR | O_CLOEXEC);
    if (heap < 0)
        fail(argv[1]);
    const int descriptors = descriptor_count();

    const int status = run(argv[2], (int)number(argv[3]), argc > 4 ? (int)number(argv[4]) : 1);

    printf("%s: %d descriptors too many\n", argv[2], descriptor_count() - descriptors);
    return status == 0 && descriptor_count() == descriptors ? 0 : 1;
}
