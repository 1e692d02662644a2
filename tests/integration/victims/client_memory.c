// SPDX-License-Identifier: MIT
//
// The client's commands that map, write and compare buffers.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "client.h"
#include "heap.h"

static struct mapping {
    unsigned char *bytes; ///< NULL: the slot is free
    size_t size;
} mappings[16];

static struct mapping *slot(const char *word)
{
    const unsigned long long index = number(word);

    errno = ERANGE;
    if (index >= sizeof(mappings) / sizeof(mappings[0]) || mappings[index].bytes == NULL)
        fail("no such mapping");
    return &mappings[index];
}

static int free_slot(void)
{
    const int count = sizeof(mappings) / sizeof(mappings[0]);

    for (int index = 0; index < count; index++)
        if (mappings[index].bytes == NULL)
            return index;
    errno = ENOSPC;
    fail("too many mappings");
}

// map FD SIZE -> SLOT
static void run_map(char **words)
{
    const size_t size = (size_t)number(words[1]);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, (int)number(words[0]), 0);

    if (memory == MAP_FAILED) {
        answer_result(-1);
        return;
    }
    const int index = free_slot();
    mappings[index] = (struct mapping){ .bytes = memory, .size = size };
    answer_result(index);
}

// unmap SLOT
static void run_unmap(char **words)
{
    struct mapping *mapping = slot(words[0]);
    const int result = munmap(mapping->bytes, mapping->size);

    mapping->bytes = NULL;
    answer_result(result);
}

// fill SLOT VALUE
static void run_fill(char **words)
{
    const struct mapping *mapping = slot(words[0]);

    memset(mapping->bytes, (int)number(words[1]), mapping->size);
    answer("ok");
}

// compare SLOT VALUE -> how many bytes differ
static void run_compare(char **words)
{
    const struct mapping *mapping = slot(words[0]);
    const unsigned char value = (unsigned char)number(words[1]);
    long long different = 0;

    for (size_t at = 0; at < mapping->size; at++)
        different += mapping->bytes[at] != value;
    answer_result(different);
}

// sync FD FLAGS
static void run_sync(char **words)
{
    struct dma_buf_sync sync = { .flags = number(words[1]) };

    answer_result(ioctl((int)number(words[0]), DMA_BUF_IOCTL_SYNC, &sync));
}

// 1 when it was zero, 0 when not, -1 with errno set
static int use_up(int heap, size_t size)
{
    const int buffer = heap_alloc(heap, size, O_RDWR | O_CLOEXEC);
    if (buffer < 0)
        return -1;

    unsigned long *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);
    close(buffer);
    if (words == MAP_FAILED)
        return -1;

    unsigned long found = 0;
    for (size_t at = 0; at < size / sizeof(*words); at++)
        found |= words[at];
    memset(words, 0xa5, size);
    munmap(words, size);
    return found == 0;
}

// use-up HEAP SIZE COUNT -> how many were zero, which then are no more; up to the first failure
static void run_use_up(char **words)
{
    const unsigned long long count = number(words[2]);
    unsigned long long zero = 0;

    for (unsigned long long at = 0; at < count; at++) {
        const int result = use_up((int)number(words[0]), (size_t)number(words[1]));
        if (result < 0) {
            answer_result(-1);
            return;
        }
        zero += (unsigned long long)result;
    }
    answer_result((long long)zero);
}

const struct command memory_commands[] = {
    { "use-up", 3, run_use_up }, { "map", 2, run_map },         { "unmap", 1, run_unmap },
    { "fill", 2, run_fill },     { "compare", 2, run_compare }, { "sync", 2, run_sync },
    { NULL, 0, NULL },
};
