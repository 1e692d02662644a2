// SPDX-License-Identifier: MIT
//
// Eats what there is: all buffers that a heap gives, which are kept, and memory without end. Meant
// for a memory cgroup, whose limit ends the child that eats; then the next one begins. Ends with
// the program that started it.

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "heap.h"

enum { bite = 1024 * 1024, pause_in_ns = 2000000 };

static void rest(void)
{
    const struct timespec pause = { .tv_nsec = pause_in_ns };

    nanosleep(&pause, NULL);
}

/// Halves the size until not even a page is to be had; how many bytes that were.
static size_t eat_heap(int heap, size_t size)
{
    size_t eaten = 0;

    while (size >= 4096) {
        if (heap_try(heap, size) == -1)
            size /= 2;
        else
            eaten += size;
    }
    return eaten;
}

/// The kernel is to end this process, and not the one that keeps the buffers.
static void go_first(void)
{
    FILE *file = fopen("/proc/self/oom_score_adj", "w");

    if (file == NULL || fputs("1000", file) < 0 || fclose(file) != 0)
        give_up("/proc/self/oom_score_adj");
}

static _Noreturn void eat_memory(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    go_first();
    for (;;) {
        void *memory = mmap(NULL, bite, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory != MAP_FAILED)
            memset(memory, 1, bite);
        rest();
    }
}

/// Until the limit of the cgroup has ended one child.
static void eat_memory_once(void)
{
    const pid_t child = fork();
    int status = 0;

    if (child == -1)
        give_up("fork");
    if (child == 0)
        eat_memory();
    if (waitpid(child, &status, 0) == -1)
        give_up("waitpid");
    errno = EPROTO;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        give_up("memory was not limited");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: eater HEAP KIB\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const size_t size = (size_t)number(argv[2]) * 1024;
    const int heap = heap_open(argv[1]);

    printf("eaten: %zu KiB of the region\n", eat_heap(heap, size) / 1024);
    fflush(stdout);
    for (;;) {
        eat_memory_once();
        printf("eaten: all memory; and %zu KiB more of the region\n", eat_heap(heap, size) / 1024);
        fflush(stdout);
    }
}
