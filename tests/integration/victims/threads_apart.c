// SPDX-License-Identifier: MIT
//
// Threads that share memory but not one descriptor table, or not one process.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <sys/wait.h>

#include "heap.h"
#include "threads.h"

static int each;

// Leaves a gap in its own table only: that is where the buffer must be.
static void *loner(void *argument)
{
    if (unshare(CLONE_FILES) != 0)
        fail("unshare");
    const int gap = dup(heap);
    dup(heap);
    close(gap);

    for (int round = 0; round < each; round++) {
        const int buffer = heap_alloc(heap, 4096, O_RDWR | O_CLOEXEC);
        if (buffer < 0)
            fail("ioctl");
        errno = EILSEQ;
        if (buffer != gap || buffer_check(buffer, 4096, 7) != 0)
            fail("not the lowest descriptor of the thread's own table");
        close(buffer);
    }
    return argument;
}

int run_unshared(int rounds)
{
    pthread_t threads[4];

    each = rounds;
    for (int index = 0; index < 4; index++)
        threads[index] = start_thread(loner, NULL);
    for (int index = 0; index < 4; index++)
        join_thread(threads[index]);
    return 0;
}

// The child has the parent's memory, and its stack when vfork makes it.
static int borrower(void *argument)
{
    const int buffer = heap_alloc(heap, 4096, O_RDWR | O_CLOEXEC);

    *(volatile int *)argument = buffer < 0 ? -errno : buffer;
    if (buffer >= 0 && buffer_check(buffer, 4096, 9) != 0)
        *(volatile int *)argument = -EILSEQ;
    return 0;
}

static int with_vfork(void)
{
    volatile int result = 0;
    const pid_t child = vfork();

    if (child == 0) {
        borrower((void *)&result);
        _exit(0);
    }
    if (child < 0 || waitpid(child, NULL, 0) != child)
        fail("vfork");
    return result;
}

// `flags` may say that the table is shared as well: then the buffer stays here.
static int with_clone(int flags)
{
    static char stack[64 * 1024] __attribute__((aligned(16)));
    volatile int result = 0;
    const pid_t child = clone(borrower, stack + sizeof(stack),
                              CLONE_VM | CLONE_VFORK | SIGCHLD | flags, (void *)&result);

    if (child < 0 || waitpid(child, NULL, 0) != child)
        fail("clone");
    return result;
}

static void expect_number(int result)
{
    errno = result < 0 ? -result : 0;
    if (result < 0)
        fail("in the child");
}

int run_vfork(int rounds)
{
    for (int round = 0; round < rounds; round++) {
        expect_number(with_vfork());
        expect_number(with_clone(0));
        const int shared = with_clone(CLONE_FILES);
        expect_number(shared);
        if (buffer_check(shared, 4096, 11) != 0 || close(shared) != 0)
            fail("the shared buffer");
    }
    return 0;
}
