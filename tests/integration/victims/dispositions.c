// SPDX-License-Identifier: MIT
//
// dispositions NODE
//
// What this program has arranged for its signals must be the same after an allocation: the mask,
// the pending ones, and what SIGTRAP does, whether it is blocked, ignored or handled.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "heap.h"

static volatile sig_atomic_t traps;

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)info;
    (void)context;
    traps++;
}

enum handling { BY_DEFAULT, IGNORED, HANDLED, HANDLED_WITH_ALL, HANDLINGS };

struct variation {
    enum handling handling;
    int blocked; ///< SIGTRAP is
    int pending; ///< SIGTRAP is, which needs it blocked
    int all;     ///< all signals are blocked
};

struct arrangement {
    struct sigaction action;
    sigset_t mask;
    sigset_t pending;
    stack_t stack;
};

static struct arrangement arrangement(void)
{
    struct arrangement now;

    memset(&now, 0, sizeof(now));
    if (sigaction(SIGTRAP, NULL, &now.action) != 0 ||
        sigprocmask(SIG_BLOCK, NULL, &now.mask) != 0 || sigpending(&now.pending) != 0 ||
        sigaltstack(NULL, &now.stack) != 0)
        fail("arrangement");
    return now;
}

static int same_set(const sigset_t *left, const sigset_t *right)
{
    for (int signal_number = 1; signal_number < NSIG; signal_number++)
        if (sigismember(left, signal_number) != sigismember(right, signal_number))
            return 0;
    return 1;
}

static const char *difference(const struct arrangement *left, const struct arrangement *right)
{
    if (left->action.sa_sigaction != right->action.sa_sigaction)
        return "what SIGTRAP does";
    if (left->action.sa_flags != right->action.sa_flags ||
        !same_set(&left->action.sa_mask, &right->action.sa_mask))
        return "how SIGTRAP is handled";
    if (!same_set(&left->mask, &right->mask))
        return "the mask";
    if (!same_set(&left->pending, &right->pending))
        return "the pending signals";
    if (left->stack.ss_sp != right->stack.ss_sp || left->stack.ss_flags != right->stack.ss_flags)
        return "the alternate stack";
    return NULL;
}

static void arrange_action(enum handling handling)
{
    struct sigaction action = { .sa_handler = handling == IGNORED ? SIG_IGN : SIG_DFL };

    if (handling >= HANDLED) {
        action.sa_sigaction = on_trap;
        action.sa_flags = SA_SIGINFO | SA_RESTART;
        sigaddset(&action.sa_mask, SIGUSR2);
    }
    if (handling == HANDLED_WITH_ALL) {
        sigfillset(&action.sa_mask);
        action.sa_flags |= SA_ONSTACK | SA_NODEFER;
    }
    if (sigaction(SIGTRAP, &action, NULL) != 0)
        fail("sigaction");
}

// SIGUSR1 is always blocked and pending: it must stay so.
static void arrange(const struct variation *variation)
{
    sigset_t mask;

    arrange_action(variation->handling);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    if (variation->blocked)
        sigaddset(&mask, SIGTRAP);
    if (variation->all)
        sigfillset(&mask);
    if (sigprocmask(SIG_SETMASK, &mask, NULL) != 0)
        fail("sigprocmask");

    raise(SIGUSR1);
    if (variation->pending)
        raise(SIGTRAP);
}

static void expect_unchanged(int heap, const struct variation *variation)
{
    const struct arrangement before = arrangement();
    const int buffer = heap_alloc(heap, 4096, O_RDWR | O_CLOEXEC);
    const int error = errno;
    const struct arrangement after = arrangement();
    const char *what = difference(&before, &after);

    if (buffer >= 0 && what == NULL && traps == 0) {
        close(buffer);
        return;
    }
    printf("SIGTRAP handling %d, blocked %d, pending %d, all blocked %d: ", variation->handling,
           variation->blocked, variation->pending, variation->all);
    fflush(stdout);
    errno = buffer < 0 ? error : 0;
    fail(buffer < 0 ? "ioctl" : traps != 0 ? "a trap was delivered" : what);
}

// An ignored signal that is pending is forgotten.
static void clear_pending(void)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN };

    sigaction(SIGTRAP, &ignore, NULL);
    sigaction(SIGUSR1, &ignore, NULL);
    sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL);
}

static struct variation variation_of(int index)
{
    struct variation variation = { .handling = (enum handling)(index % HANDLINGS) };

    index /= HANDLINGS;
    variation.blocked = index >= 1;
    variation.all = index >= 2;
    // An ignored signal is never pending.
    variation.pending = index >= 3 && variation.handling != IGNORED;
    return variation;
}

int main(int argc, char **argv)
{
    errno = EINVAL;
    if (argc != 2)
        fail("usage: dispositions NODE");

    const int heap = open(argv[1], O_RDWR | O_CLOEXEC);
    if (heap < 0)
        fail(argv[1]);

    for (int index = 0; index < 4 * HANDLINGS; index++) {
        const struct variation variation = variation_of(index);
        arrange(&variation);
        expect_unchanged(heap, &variation);
        clear_pending();
    }
    printf("unchanged\n");
    return 0;
}
