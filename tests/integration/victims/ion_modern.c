// SPDX-License-Identifier: MIT
//
// ion-modern NODE TYPE: a program of 2018. It looks which ION it has, asks for the heaps, takes the
// one of the type that it wants, allocates, maps, and shares the buffer with another process.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "heap.h"
#include "ion.h"

static void sync_buffer(int buffer, uint64_t flags)
{
    struct dma_buf_sync sync = { .flags = flags };

    if (ioctl(buffer, DMA_BUF_IOCTL_SYNC, &sync) != 0)
        fail("SYNC");
}

// How programs tell the two interfaces apart.
static void expect_modern(int ion)
{
    struct ion_handle_data none = { .handle = 0 };

    if (ioctl(ion, ION_FREE, &none) == 0 || errno != ENOTTY)
        fail("FREE of handle 0 should be ENOTTY");
}

static uint32_t find_heap(int ion, uint32_t type)
{
    struct ion_query query = { .cnt = 0 };

    if (ioctl(ion, ION_HEAP_QUERY, &query) != 0 || query.cnt == 0)
        fail("HEAP_QUERY for the count");
    struct ion_heap *heaps = calloc(query.cnt, sizeof(*heaps));

    query.heaps = (uintptr_t)heaps;
    if (ioctl(ion, ION_HEAP_QUERY, &query) != 0)
        fail("HEAP_QUERY");
    for (uint32_t at = 0; at < query.cnt; at++)
        printf("heap %u: type %u, %s\n", heaps[at].heap_id, heaps[at].type, heaps[at].name);
    for (uint32_t at = 0; at < query.cnt; at++) {
        if (heaps[at].type == type) {
            const uint32_t id = heaps[at].heap_id;
            free(heaps);
            return id;
        }
    }
    errno = ENOENT;
    fail("no heap of the type");
}

static int allocate(int ion, uint32_t heap_id)
{
    struct ion_allocation request = { .len = size, .heap_id_mask = 1U << heap_id };
    struct stat status;

    if (ioctl(ion, ION_ALLOC, &request) != 0)
        fail("ALLOC");
    if (request.len != size || fstat((int)request.fd, &status) != 0 || status.st_size != rounded ||
        fcntl((int)request.fd, F_GETFD) != FD_CLOEXEC ||
        (fcntl((int)request.fd, F_GETFL) & O_ACCMODE) != O_RDWR)
        fail("what ALLOC returned");
    return (int)request.fd;
}

// The other process: reads what was written, and writes something else.
static int reader(int socket)
{
    const int buffer = take_descriptor(socket);
    unsigned char *memory = map_buffer(buffer);

    close(buffer);
    expect_all(memory, 0x5a);
    memset(memory, 0xc3, rounded);
    return 0;
}

static void share(int buffer, const unsigned char *memory)
{
    int ends[2], status = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        fail("socketpair");
    const pid_t child = fork();
    if (child == 0)
        _exit(reader(ends[1]));
    if (pass_descriptor(ends[0], buffer) != 0 || waitpid(child, &status, 0) != child || status != 0)
        fail("the other process");
    expect_all(memory, 0xc3);
    close(ends[0]);
    close(ends[1]);
}

int main(int count, char **words)
{
    if (count != 3)
        return 2;
    const int ion = open(words[1], O_RDONLY | O_CLOEXEC);
    if (ion < 0)
        fail("open");
    const int before = descriptor_count();

    expect_modern(ion);
    const int buffer = allocate(ion, find_heap(ion, (uint32_t)number(words[2])));
    unsigned char *memory = map_buffer(buffer);

    expect_all(memory, 0);
    sync_buffer(buffer, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
    memset(memory, 0x5a, rounded);
    sync_buffer(buffer, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
    share(buffer, memory);
    close(buffer);
    munmap(memory, rounded);

    if (descriptor_count() != before)
        fail("descriptors are left");
    puts("done");
    return 0;
}
