// SPDX-License-Identifier: MIT
//
// probe node PATH...
// probe race FILE PATH...
// probe ion PATH ID...
// probe ion-legacy PATH ID...
//
// What the one who runs it can do with heaps, in one word for each:
//
//   rw     opens for reading and writing, and allocates
//   r, w   opens for that only, and allocates: with the kernel's heaps, too, either is enough
//   -      does not open: EACCES
//   else   the errno, of open or (after a colon) of the allocation
//
// `race` opens them again and again until FILE is there, and then says "open" for those that it got
// once, "-" for the others.
// `ion` and `ion-legacy` allocate through an ION node, of the one or the other interface, from
// heaps by their ids: "rw", "-" or the errno.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>

#include "ion.h"

enum { MOST_HEAPS = 16, PAGE = 4096 };

// 0 or the errno. The buffer is let go at once.
static int allocate(int heap)
{
    struct dma_heap_allocation_data data = { .len = PAGE, .fd_flags = O_RDWR | O_CLOEXEC };

    if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data) != 0)
        return errno;
    close((int)data.fd);
    return 0;
}

// `word`, a '-' or what has gone wrong, for one mode of access.
static const char *attempt(const char *path, int access, const char *word)
{
    static char wrong[64];
    const int heap = open(path, access | O_CLOEXEC);
    if (heap == -1 && errno == EACCES)
        return "-";
    if (heap == -1)
        return strerrorname_np(errno);

    const int error = allocate(heap);
    close(heap);
    if (error == 0)
        return word;
    snprintf(wrong, sizeof(wrong), "%s:%s", word, strerrorname_np(error));
    return wrong;
}

static const char *node(const char *path)
{
    const char *answer = attempt(path, O_RDWR, "rw");
    if (strcmp(answer, "-") == 0)
        answer = attempt(path, O_RDONLY, "r");
    if (strcmp(answer, "-") == 0)
        answer = attempt(path, O_WRONLY, "w");
    return answer;
}

// 0 or the errno.
static int allocate_by_ion(int node, uint32_t mask)
{
    struct ion_allocation data = { .len = PAGE, .heap_id_mask = mask };

    if (ioctl(node, ION_IOC_ALLOC, &data) != 0)
        return errno;
    close((int)data.fd);
    return 0;
}

// 0 or the errno. The handle ends with the node.
static int allocate_by_legacy_ion(int node, uint32_t mask)
{
    struct ion_legacy_allocation data = { .len = PAGE, .heap_id_mask = mask };
    struct ion_legacy_fd shared = { .fd = -1 };

    if (ioctl(node, ION_IOC_LEGACY_ALLOC, &data) != 0)
        return errno;
    shared.handle = data.handle;
    if (ioctl(node, ION_IOC_SHARE, &shared) != 0)
        return errno;
    close(shared.fd);
    return 0;
}

static const char *ion(const char *path, const char *id, int (*allocate_by)(int, uint32_t))
{
    const int node = open(path, O_RDWR | O_CLOEXEC);
    if (node == -1)
        return errno == EACCES ? "-" : strerrorname_np(errno);

    const int error = allocate_by(node, 1U << strtoul(id, NULL, 10));
    close(node);
    return error == 0 ? "rw" : error == EACCES ? "-" : strerrorname_np(error);
}

static int can_open(const char *path)
{
    const int modes[] = { O_RDONLY, O_WRONLY };

    for (size_t at = 0; at < sizeof(modes) / sizeof(modes[0]); at++) {
        const int heap = open(path, modes[at] | O_CLOEXEC);
        if (heap == -1)
            continue;
        close(heap);
        return 1;
    }
    return 0;
}

static void race(const char *end, int count, char **paths)
{
    int opened[MOST_HEAPS] = { 0 };

    puts("racing");
    fflush(stdout);
    while (access(end, F_OK) != 0)
        for (int at = 0; at < count; at++)
            opened[at] = opened[at] || can_open(paths[at]);
    for (int at = 0; at < count; at++)
        printf("%s%s", at == 0 ? "" : " ", opened[at] ? "open" : "-");
    putchar('\n');
}

static const char *separator(int last)
{
    return last ? "\n" : " ";
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc - 2 > MOST_HEAPS) {
        fputs("usage: probe node PATH...\n       probe race FILE PATH...\n"
              "       probe ion|ion-legacy PATH ID...\n",
              stderr);
        return 2;
    }
    if (strcmp(argv[1], "race") == 0)
        race(argv[2], argc - 3, argv + 3);
    if (strcmp(argv[1], "ion") == 0)
        for (int at = 3; at < argc; at++)
            printf("%s%s", ion(argv[2], argv[at], allocate_by_ion), separator(at + 1 == argc));
    if (strcmp(argv[1], "ion-legacy") == 0)
        for (int at = 3; at < argc; at++)
            printf("%s%s", ion(argv[2], argv[at], allocate_by_legacy_ion),
                   separator(at + 1 == argc));
    if (strcmp(argv[1], "node") == 0)
        for (int at = 2; at < argc; at++)
            printf("%s%s", node(argv[at]), separator(at + 1 == argc));
    return 0;
}
