// SPDX-License-Identifier: MIT
#include "heap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

int heap_alloc(int heap, uint64_t size, uint32_t fd_flags)
{
    struct dma_heap_allocation_data data = { .len = size, .fd_flags = fd_flags };

    if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) != 0)
        return -1;
    return (int)data.fd;
}

static unsigned char *map(int buffer, uint64_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static int filled_with(const unsigned char *memory, uint64_t size, unsigned char value)
{
    for (uint64_t at = 0; at < size; at++)
        if (memory[at] != value)
            return 0;
    return 1;
}

int buffer_check(int buffer, uint64_t size, unsigned char value)
{
    unsigned char *writing = map(buffer, size);
    if (writing == NULL)
        return -1;

    unsigned char *reading = map(buffer, size);
    if (reading == NULL) {
        munmap(writing, size);
        return -1;
    }

    memset(writing, value, size);
    const int same = filled_with(reading, size, value);
    munmap(writing, size);
    munmap(reading, size);

    errno = EILSEQ;
    return same ? 0 : -1;
}

int descriptor_count(void)
{
    DIR *directory = opendir("/proc/thread-self/fd");
    if (directory == NULL)
        fail("opendir /proc/thread-self/fd");

    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.')
            count++;
    closedir(directory);

    return count - 1;
}

void fail(const char *what)
{
    const int error = errno;

    dprintf(STDOUT_FILENO, "failed: %s: %s\n", what, strerror(error));
    _exit(1);
}

unsigned long long number(const char *text)
{
    char *end = NULL;

    errno = 0;
    const unsigned long long value = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0')
        fail(text);
    return value;
}
