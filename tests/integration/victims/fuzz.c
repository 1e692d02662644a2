// SPDX-License-Identifier: MIT
//
// fuzz NODE SEED ROUNDS
//
// Sends ioctls of any number, size, direction and content. Whatever comes back, no descriptor may
// appear but one for each success of the allocation's number.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "heap.h"

enum { MAX_SIZE = 16384 };

static uint64_t state;

static uint32_t any(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static uint64_t any_length(void)
{
    static const uint64_t lengths[] = { 0,
                                        1,
                                        4095,
                                        4096,
                                        4097,
                                        65536,
                                        UINT32_MAX,
                                        UINT64_C(1) << 40,
                                        UINT64_MAX,
                                        INT64_MAX,
                                        UINT64_C(1) << 63,
                                        UINT64_MAX - 4094 };

    return lengths[any() % (sizeof(lengths) / sizeof(lengths[0]))];
}

static unsigned any_command(void)
{
    static const unsigned sizes[] = { 0, 1, 4, 8, 12, 16, 23, 24, 25, 32, 48, 4096, 16383 };
    const unsigned size = sizes[any() % (sizeof(sizes) / sizeof(sizes[0]))];
    const unsigned command_number = any() % 2 == 0 ? 0 : any() % 256;
    const unsigned type = any() % 2 == 0 ? 'H' : any() % 256;

    return any() % 16 == 0 ? any() : _IOC(any() % 4, type, command_number, size);
}

// The words that decide are often right.
static void any_content(unsigned char *bytes)
{
    const uint64_t length = any_length();
    const uint32_t tail[4] = { any() % 8 == 0 ? any() : 0, any() % 4 == 0 ? any() : O_RDWR,
                               any() % 8 == 0 ? any() : 0, 0 };

    for (size_t at = 0; at < MAX_SIZE; at++)
        bytes[at] = (unsigned char)any();
    memcpy(bytes, &length, sizeof(length));
    memcpy(bytes + sizeof(length), tail, sizeof(tail));
}

// Never memory of ours that an answer could spoil.
static void *any_place(unsigned char *bytes)
{
    switch (any() % 16) {
    case 0:
        return NULL;
    case 1:
        return (void *)(UINTPTR_MAX / 2 - any());
    case 2:
        return (void *)(UINTPTR_MAX - any() % 4096);
    case 3:
        return bytes + any() % 64;
    default:
        return bytes;
    }
}

int main(int argc, char **argv)
{
    static unsigned char bytes[MAX_SIZE + 4096];

    errno = EINVAL;
    if (argc != 4)
        fail("usage: fuzz NODE SEED ROUNDS");
    const int heap = open(argv[1], O_RDWR | O_CLOEXEC);
    if (heap < 0)
        fail(argv[1]);
    const int descriptors = descriptor_count();
    const int lowest_free = dup(heap);
    close(lowest_free);

    state = number(argv[2]);
    int successes = 0;
    for (long left = (long)number(argv[3]); left > 0; left--) {
        any_content(bytes);
        if (ioctl(heap, any_command(), any_place(bytes)) < 0)
            continue;
        successes++;
        close(lowest_free);
    }

    printf("%d successes, %d descriptors too many\n", successes, descriptor_count() - descriptors);
    return descriptor_count() == descriptors ? 0 : 1;
}
