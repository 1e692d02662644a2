// SPDX-License-Identifier: MIT
//
// registers NODE ROUNDS
//
// Allocates with known values in all registers and compares them afterwards.
#include "registers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <sys/syscall.h>

#include "heap.h"

struct registers registers_before;
struct registers registers_after;

enum {
    CARRY = 0x001,
    PARITY = 0x004,
    ADJUST = 0x010,
    ZERO = 0x040,
    SIGN = 0x080,
    INTERRUPTS = 0x200,
    DIRECTION = 0x400,
    OVERFLOW = 0x800,
    ALWAYS = 0x002,
};

static uint32_t random_state = 1;

static uint32_t random_word(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state;
}

static void choose_values(void)
{
    unsigned char *bytes = (unsigned char *)&registers_before;

    for (size_t at = 0; at < sizeof(registers_before); at++)
        bytes[at] = (unsigned char)(random_word() >> 24);
    registers_before.flags =
        (random_word() & (CARRY | PARITY | ADJUST | ZERO | SIGN | DIRECTION | OVERFLOW)) | ALWAYS |
        INTERRUPTS;
    registers_before.mxcsr = 0x1f80;
}

static void set_arguments(int heap, struct dma_heap_allocation_data *data)
{
    registers_before.number = SYS_ioctl;
    registers_before.first = (word)heap;
    registers_before.second = (word)DMA_HEAP_IOCTL_ALLOC;
    registers_before.third = (word)(uintptr_t)data;
}

static void expect_same(int round, const char *name, const void *before, const void *after,
                        size_t size)
{
    if (memcmp(before, after, size) == 0)
        return;
    printf("round %d: %s differs: ", round, name);
    for (size_t at = 0; at < size; at++)
        printf("%02x/%02x ", ((const unsigned char *)before)[at],
               ((const unsigned char *)after)[at]);
    printf("\n");
    fflush(stdout);
    errno = EILSEQ;
    fail("registers");
}

#define EXPECT_SAME(name)                                                                          \
    expect_same(round, #name, &registers_before.name, &registers_after.name,                       \
                sizeof(registers_before.name))

static void compare(int round)
{
    EXPECT_SAME(first);
    EXPECT_SAME(second);
    EXPECT_SAME(third);
    EXPECT_SAME(general);
    EXPECT_SAME(base);
    EXPECT_SAME(stack);
    EXPECT_SAME(segments);
    EXPECT_SAME(flags);
    EXPECT_SAME(vector);
    EXPECT_SAME(mxcsr);
    EXPECT_SAME(control_word);
}

static void one_round(int round, int heap, int lowest_free)
{
    struct dma_heap_allocation_data data = { .len = 4096, .fd_flags = O_RDWR | O_CLOEXEC };

    choose_values();
    set_arguments(heap, &data);
    registers_call();
    if (registers_after.number != 0) {
        errno = -(int)registers_after.number;
        fail("ioctl");
    }

    compare(round);
    if ((int)data.fd != lowest_free || close((int)data.fd) != 0)
        fail("the descriptor");
}

int main(int argc, char **argv)
{
    errno = EINVAL;
    if (argc != 3)
        fail("usage: registers NODE ROUNDS");

    const int heap = open(argv[1], O_RDWR | O_CLOEXEC);
    if (heap < 0)
        fail(argv[1]);
    const int lowest_free = dup(heap);
    close(lowest_free);

    const int rounds = (int)number(argv[2]);
    for (int round = 0; round < rounds; round++)
        one_round(round, heap, lowest_free);
    printf("%d rounds, all registers as before\n", rounds);
    return 0;
}
