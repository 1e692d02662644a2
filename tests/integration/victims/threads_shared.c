// SPDX-License-Identifier: MIT
//
// Threads that share one descriptor table: all at once, while the leader sleeps, after it is gone.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/wait.h>

#include "heap.h"
#include "threads.h"

enum { MAX_THREADS = 256 };

static pthread_barrier_t barrier;
static int each;

// Every buffer of the first round is held until all threads have one.
static void *member(void *argument)
{
    const unsigned pages = (unsigned)(uintptr_t)argument;

    pthread_barrier_wait(&barrier);
    const int held = heap_alloc(heap, 4096, O_RDWR | O_CLOEXEC);
    if (held < 0)
        fail("ioctl");
    pthread_barrier_wait(&barrier);

    for (int round = 0; round < each; round++)
        allocate_and_prove(pages);
    close(held);
    return NULL;
}

int run_crowd(int count, int rounds)
{
    pthread_t threads[MAX_THREADS];

    errno = EINVAL;
    if (count > MAX_THREADS)
        fail("too many threads");
    each = rounds;
    pthread_barrier_init(&barrier, NULL, (unsigned)count);
    for (int index = 0; index < count; index++)
        threads[index] = start_thread(member, (void *)(uintptr_t)(index + 1));
    for (int index = 0; index < count; index++)
        join_thread(threads[index]);
    return 0;
}

static void *worker(void *argument)
{
    (void)argument;
    for (int round = 0; round < each; round++)
        allocate_and_prove(1 + (unsigned)round % 3);
    return NULL;
}

int run_others(int rounds)
{
    each = rounds;
    join_thread(start_thread(worker, NULL));
    return 0;
}

static void *survivor(void *argument)
{
    pthread_join(*(pthread_t *)argument, NULL);
    worker(NULL);
    _exit(0);
}

// In a child, because the leader of this process has an exit status to give.
int run_orphaned(int rounds)
{
    static pthread_t leader;
    int status = 0;

    each = rounds;
    const pid_t child = fork();
    if (child == 0) {
        leader = pthread_self();
        start_thread(survivor, &leader);
        pthread_exit(NULL);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        fail("fork");
    return status == 0 ? 0 : 1;
}

static void *until_replaced(void *argument)
{
    for (;;) {
        const int buffer = heap_alloc(heap, 4096, O_RDWR | O_CLOEXEC);
        if (buffer < 0)
            fail("ioctl");
        close(buffer);
    }
    return argument;
}

// Starts this program again and again while its other threads allocate.
int run_replaced(int rounds)
{
    char path[64];
    char left[16];
    char node[4096];

    if (rounds == 0)
        return 0;
    for (int index = 0; index < 4; index++)
        start_thread(until_replaced, NULL);

    snprintf(path, sizeof(path), "/proc/self/fd/%d", heap);
    snprintf(left, sizeof(left), "%d", rounds - 1);
    const ssize_t length = readlink(path, node, sizeof(node) - 1);
    if (length < 0)
        fail("readlink");
    node[length] = '\0';

    usleep((useconds_t)(random() % 3000));
    execl("/proc/self/exe", "threads", node, "replaced", left, (char *)NULL);
    fail("exec");
}
