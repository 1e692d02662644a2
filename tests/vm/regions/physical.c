// SPDX-License-Identifier: MIT
//
// physical NODE SIZE DAEMON: allocates buffers of SIZE bytes until there are no more, looks whether
// they are zero, fills them, and says of how many physically contiguous runs each consists:
// "RUNS RUNS ..." and at the end the errno.
//
// The kernel does not say which frames are behind the mapping of a dma-buf. So each page gets a
// mark, and the marks are looked for in the memory that the process DAEMON holds. Where earlier
// processes have let go of their buffers, their marks may still be, until the memory is wiped.
#include <dirent.h>
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
#include <sys/stat.h>

enum { MOST = 256 };

static const uint64_t magic = UINT64_C(0x646d612d68656170);

struct mark {
    uint64_t magic;
    uint64_t process; ///< that has written it
    uint64_t buffer;
    uint64_t page;
};

/// What has been found out: the frame of each page of each buffer, 0 where it is not known.
struct found {
    size_t page_size;
    size_t pages; ///< of each buffer
    size_t buffers;
    uint64_t *frames;
};

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

static void expect_zeroes(const unsigned char *memory, size_t size)
{
    const uint64_t *words = (const uint64_t *)memory;

    for (size_t i = 0; i < size / sizeof(*words); i++)
        if (words[i] != 0) {
            errno = EBADMSG;
            fail("a buffer that is not zero");
        }
}

/// Leaves nothing of the memory as it was.
static void write_marks(int buffer, size_t number, size_t size, size_t page_size)
{
    unsigned char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);

    if (memory == MAP_FAILED)
        fail("mmap of a buffer");
    expect_zeroes(memory, size);
    memset(memory, 0x5a, size);
    for (size_t at = 0; at < size; at += page_size) {
        const struct mark mark = { magic, (uint64_t)getpid(), number, at / page_size };
        memcpy(memory + at, &mark, sizeof(mark));
    }
    munmap(memory, size);
}

/// The entries for pages of ours, see the kernel's admin-guide/mm/pagemap.
static uint64_t *pagemap_of(const unsigned char *memory, size_t pages, size_t page_size)
{
    const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    const size_t size = pages * sizeof(uint64_t);
    uint64_t *entries = malloc(size);
    const off_t at = (off_t)((uintptr_t)memory / page_size * sizeof(*entries));

    if (pagemap == -1 || entries == NULL || pread(pagemap, entries, size, at) != (ssize_t)size)
        fail("pagemap");
    close(pagemap);
    return entries;
}

static void look_at_page(struct found *found, const unsigned char *page, uint64_t entry)
{
    struct mark mark;

    memcpy(&mark, page, sizeof(mark));
    if (mark.magic == magic && mark.process == (uint64_t)getpid() && mark.buffer < found->buffers &&
        mark.page < found->pages)
        found->frames[mark.buffer * found->pages + mark.page] = entry & ((UINT64_C(1) << 55) - 1);
}

static void look_in_file(struct found *found, int file, size_t size)
{
    const int flags = MAP_SHARED | MAP_POPULATE;
    unsigned char *memory = mmap(NULL, size, PROT_READ, flags, file, 0);

    if (memory == MAP_FAILED)
        fail("mmap of the daemon's memory");
    uint64_t *entries = pagemap_of(memory, size / found->page_size, found->page_size);
    for (size_t i = 0; i < size / found->page_size; i++)
        look_at_page(found, memory + i * found->page_size, entries[i]);
    free(entries);
    munmap(memory, size);
}

/// Looks in a descriptor of the daemon's, if that is memory which was not looked at yet.
static void look_in_descriptor(struct found *found, const char *path)
{
    static ino_t seen[MOST];
    static size_t count;
    char target[64] = "";
    struct stat status;

    if (readlink(path, target, sizeof(target) - 1) == -1 ||
        strncmp(target, "/memfd:dmaheapd-", strlen("/memfd:dmaheapd-")) != 0)
        return;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file == -1 || fstat(file, &status) == -1)
        fail(path);
    size_t i = 0;
    while (i < count && seen[i] != status.st_ino)
        i++;
    if (i == count && count < MOST) {
        seen[count++] = status.st_ino;
        look_in_file(found, file, (size_t)status.st_size);
    }
    close(file);
}

static void look_in_process(struct found *found, const char *process)
{
    char path[300];
    const struct dirent *entry = NULL;

    snprintf(path, sizeof(path), "/proc/%s/fd", process);
    DIR *folder = opendir(path);
    if (folder == NULL)
        fail(path);
    while ((entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%s/fd/%s", process, entry->d_name);
        look_in_descriptor(found, path);
    }
    closedir(folder);
}

static int runs_of(const uint64_t *frames, size_t pages)
{
    int runs = 0;

    for (size_t i = 0; i < pages; i++) {
        if (frames[i] == 0) {
            errno = ENOENT;
            fail("the frame of a page");
        }
        runs += i == 0 || frames[i] != frames[i - 1] + 1;
    }
    return runs;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;

    const int heap = open(argv[1], O_RDWR | O_CLOEXEC);
    const size_t size = strtoull(argv[2], NULL, 0);
    const size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    struct found found = { .page_size = page_size, .pages = size / page_size };
    int buffer = -1;
    if (heap == -1)
        fail(argv[1]);

    while (found.buffers < MOST && (buffer = allocate(heap, size)) != -1)
        write_marks(buffer, found.buffers++, size, page_size);
    const int end = errno;
    found.frames = calloc(found.buffers * found.pages + 1, sizeof(*found.frames));
    if (found.frames == NULL)
        fail("calloc");

    look_in_process(&found, argv[3]);
    for (size_t i = 0; i < found.buffers; i++)
        printf("%d ", runs_of(found.frames + i * found.pages, found.pages));
    printf("%d\n", end);
    return 0;
}
