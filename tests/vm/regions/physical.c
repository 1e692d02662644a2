// SPDX-License-Identifier: MIT
//
// physical NODE SIZE [STAY]: allocates buffers of SIZE bytes until there are no more, looks whether
// they are zero, fills them, and says of how many physically contiguous runs each consists:
// "RUNS RUNS ..." and at the end the errno. With STAY it then sleeps until it is killed.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

enum { MOST = 256 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int allocate(int heap, size_t size)
{
    struct dma_heap_allocation_data data = { .len = size, .fd_flags = O_RDWR | O_CLOEXEC };

    return ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) == -1 ? -1 : (int)data.fd;
}

// The frame that backs a page of ours, see the kernel's admin-guide/mm/pagemap.
static uint64_t frame_of(int pagemap, const unsigned char *page, size_t page_size)
{
    uint64_t entry = 0;
    const off_t at = (off_t)((uintptr_t)page / page_size * sizeof(entry));

    if (pread(pagemap, &entry, sizeof(entry), at) != (ssize_t)sizeof(entry))
        fail("pagemap");
    entry &= (UINT64_C(1) << 55) - 1;
    if (entry == 0) {
        errno = EPERM;
        fail("frame");
    }
    return entry;
}

static int runs_of(int pagemap, const unsigned char *memory, size_t size)
{
    const size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    uint64_t next = 0;
    int runs = 0;

    for (size_t at = 0; at < size; at += page_size) {
        const uint64_t frame = frame_of(pagemap, memory + at, page_size);
        runs += frame != next;
        next = frame + 1;
    }
    return runs;
}

static int look_at(int pagemap, int buffer, size_t size)
{
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

    if (memory == MAP_FAILED)
        fail("mmap");
    for (size_t at = 0; at < size; at++)
        if (memory[at] != 0) {
            errno = EBADMSG;
            fail("a buffer that is not zero");
        }
    memset(memory, 0x5a, size);
    const int runs = runs_of(pagemap, memory, size);
    munmap(memory, size);
    return runs;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;

    const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    const int heap = open(argv[1], O_RDWR | O_CLOEXEC);
    const size_t size = strtoull(argv[2], NULL, 0);
    if (pagemap == -1 || heap == -1)
        fail(argv[1]);

    for (int count = 0; count < MOST; count++) {
        const int buffer = allocate(heap, size);
        if (buffer == -1)
            break;
        printf("%d ", look_at(pagemap, buffer, size));
    }
    printf("%d\n", errno);
    fflush(stdout);
    if (argc > 3)
        pause();
    return 0;
}
