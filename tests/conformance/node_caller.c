// SPDX-License-Identifier: MIT
// ALLOC by callers in a special state: few descriptors, threads, signals.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/time.h>

#include "attempt.h"
#include "client.h"
#include "report.h"

typedef struct dma_heap_allocation_data request;

enum { usual_flags = O_RDWR | O_CLOEXEC, threads = 8, repetitions = 200, emfile_repetitions = 32 };

static void observe(int node, int limit, uint64_t len)
{
    request data = { .len = len, .fd_flags = usual_flags };

    observe_attempt((struct attempt){ .node = node,
                                      .command = DMA_HEAP_IOCTL_ALLOC,
                                      .argument = &data,
                                      .readable = sizeof(data),
                                      .limit = limit });
}

static int alloc_quietly(int node, uint64_t len)
{
    request data = { .len = len, .fd_flags = usual_flags };

    return ioctl(node, DMA_HEAP_IOCTL_ALLOC, &data) == -1 ? -1 : (int)data.fd;
}

/// arg[0] descriptors are free when ALLOC is asked for arg[1] bytes.
static void free_descriptors(const struct row *row)
{
    int node = open_node(O_RDWR);

    observe(node, lowest_free() + (int)row->arg[0], row->arg[1]);
}

/// The only free descriptor is one below others.
static void free_hole(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR), hole = dup(node), above = dup(node);

    close(hole);
    observe(node, above + 1, page);
}

static void limit_with_null(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR);

    observe_attempt(
        (struct attempt){ .node = node, .command = DMA_HEAP_IOCTL_ALLOC, .limit = lowest_free() });
}

/// Nothing stays allocated: what stayed would soon be more than a heap may give.
static void limit_repeated(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR), refused = 0;
    int usual_limit = limit_descriptors(lowest_free());

    for (int i = 0; i < emfile_repetitions; i++)
        refused += alloc_quietly(node, 64 << 20) == -1 && errno == EMFILE;
    limit_descriptors(usual_limit);
    say("%d EMFILE, then ", refused);
    observe(node, 0, page);
}

static void no_input(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR);

    close(STDIN_FILENO);
    observe(node, 0, page);
    say(", descriptor 0 is%s open", is_open(0) ? "" : " not");
}

static void closed_node(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR);

    close(node);
    observe(node, 0, page);
}

static void repeated(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR), lowest = lowest_free(), in_order = 0;

    for (int i = 0; i < 64; i++)
        in_order += alloc_quietly(node, page) == lowest + i;
    say("%d in order", in_order);
}

static void forked(void *node)
{
    observe(*(int *)node, 0, page);
}

static void in_forked_child(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR);
    struct census before = take_census();

    in_child(forked, &node);
    say("; parent");
    say_change(before);
}

static void in_vfork_child(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR), lowest = lowest_free();
    static volatile int fd;
    struct census before = take_census();

    pid_t child = vfork();
    if (child == 0) {
        fd = alloc_quietly(node, page);
        _exit(0);
    }
    say("%s; parent", fd == lowest ? "to the lowest free" : "to another");
    say_change(before);
    wait_for(child);
}

static void *observing_thread(void *node)
{
    observe(*(int *)node, 0, page);
    return NULL;
}

static void *unsharing_thread(void *node)
{
    unshare(CLONE_FILES);
    return observing_thread(node);
}

static void in_thread(const struct row *row)
{
    int node = open_node(O_RDWR), lowest = lowest_free();
    bool own_table = row->arg[0] != 0;
    pthread_t thread;

    pthread_create(&thread, NULL, own_table ? unsharing_thread : observing_thread, &node);
    pthread_join(thread, NULL);
    say(", %s in the first thread's table", is_open(lowest) ? "also" : "not");
}

static void *allocating_thread(void *argument)
{
    int *node_then_fd = argument;

    *node_then_fd = alloc_quietly(*node_then_fd, page);
    return NULL;
}

static void in_many_threads(const struct row *row)
{
    (void)row;
    int node = open_node(O_RDWR), lowest = lowest_free(), fds[threads];
    unsigned seen = 0;
    pthread_t ids[threads];

    for (int i = 0; i < threads; i++) {
        fds[i] = node;
        pthread_create(&ids[i], NULL, allocating_thread, &fds[i]);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        seen |= fds[i] >= lowest && fds[i] < lowest + 32 ? 1U << (fds[i] - lowest) : 0;
    }
    say("%d different, %s", __builtin_popcount(seen),
        seen == (1U << threads) - 1 ? "the lowest" : "not the lowest");
}

static volatile sig_atomic_t handled;

static void count_signal(int signal)
{
    (void)signal;
    handled++;
}

static void under_timer(const struct row *row)
{
    (void)row;
    const struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
    const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
    int node = open_node(O_RDWR), done = 0;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < repetitions; i++) {
        int fd = alloc_quietly(node, page);
        done += fd != -1;
        close(fd);
    }
    while (handled == 0)
        pause();
    setitimer(ITIMER_REAL, &never, NULL);
    say("%d of %d ok, signals handled", done, repetitions);
}

static bool same_signals(const sigset_t *one, const sigset_t *other)
{
    for (int signal = 1; signal < NSIG; signal++) {
        if (sigismember(one, signal) != sigismember(other, signal))
            return false;
    }
    return true;
}

/// The mask is as before, and a signal that was pending all along is so still.
static void signal_mask(const struct row *row)
{
    (void)row;
    sigset_t mask, now, pending;
    int node = open_node(O_RDWR);

    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    raise(SIGUSR1);
    observe(node, 0, page);

    sigprocmask(SIG_SETMASK, NULL, &now);
    sigpending(&pending);
    say(", mask %s", same_signals(&mask, &now) ? "as before" : "changed");
    say(", %s", sigismember(&pending, SIGUSR1) == 1 ? "still pending" : "no longer pending");
}

#define CALLER(name, function, ...) ROW("node.caller." name, function, .arg = { __VA_ARGS__ })

static const struct row rows[] = {
    CALLER("no-free-descriptor", free_descriptors, 0, page),
    CALLER("no-free-descriptor.len-0", free_descriptors, 0, 0),
    ROW("node.caller.no-free-descriptor.null", limit_with_null),
    ROW("node.caller.no-free-descriptor.repeated", limit_repeated),
    CALLER("one-free-descriptor", free_descriptors, 1, page),
    CALLER("two-free-descriptors", free_descriptors, 2, page),
    ROW("node.caller.one-free-hole", free_hole),
    ROW("node.caller.no-input", no_input),
    ROW("node.caller.node-closed", closed_node),
    ROW("node.caller.repeated", repeated),
    ROW("node.caller.forked-child", in_forked_child),
    ROW("node.caller.vfork-child", in_vfork_child),
    CALLER("thread", in_thread, 0),
    CALLER("thread-with-own-descriptors", in_thread, 1),
    ROW("node.caller.many-threads", in_many_threads),
    ROW("node.caller.under-timer", under_timer),
    ROW("node.caller.signal-mask", signal_mask),
};

const struct chapter node_caller_chapter = CHAPTER(rows);
