// SPDX-License-Identifier: MIT
#include "heap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

void give_up(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerrorname_np(errno));
    exit(1);
}

unsigned number(const char *text)
{
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || value > 1000000) {
        errno = EINVAL;
        give_up(text);
    }
    return (unsigned)value;
}

int heap_open(const char *node)
{
    const int heap = open(node, O_RDWR | O_CLOEXEC);

    if (heap == -1)
        give_up(node);
    return heap;
}

int heap_try(int heap, size_t size)
{
    struct dma_heap_allocation_data request = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };

    if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &request) == -1)
        return -1;
    return (int)request.fd;
}

int heap_allocate(int heap, size_t size)
{
    const int buffer = heap_try(heap, size);

    if (buffer == -1)
        give_up("DMA_HEAP_IOCTL_ALLOC");
    return buffer;
}

unsigned char *buffer_map(int buffer, size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

    if (memory == MAP_FAILED)
        give_up("mmap");
    return memory;
}

static void synchronize(int buffer, unsigned long long flags)
{
    struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_RW };

    if (ioctl(buffer, DMA_BUF_IOCTL_SYNC, &sync) == -1)
        give_up("DMA_BUF_IOCTL_SYNC");
}

void buffer_begin(int buffer)
{
    synchronize(buffer, DMA_BUF_SYNC_START);
}

void buffer_end(int buffer)
{
    synchronize(buffer, DMA_BUF_SYNC_END);
}

void buffer_save(int buffer, size_t size, const char *path)
{
    unsigned char *memory = buffer_map(buffer, size);
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        give_up(path);
    buffer_begin(buffer);
    if (fwrite(memory, 1, size, file) != size || fclose(file) != 0)
        give_up(path);
    buffer_end(buffer);
    munmap(memory, size);
}
