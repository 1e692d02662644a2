// SPDX-License-Identifier: MIT
//
// signals NODE ALLOCATIONS MICROSECONDS
//
// Allocates under an interval timer, while a second process sends numbered real-time signals. Every
// allocation must succeed, and every numbered signal must be handled once and in order.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "heap.h"

static volatile sig_atomic_t alarms;
static volatile sig_atomic_t received;
static volatile sig_atomic_t out_of_order;

static void on_alarm(int signal_number)
{
    (void)signal_number;
    alarms++;
}

static void on_number(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    if (info->si_value.sival_int != received)
        out_of_order++;
    received++;
}

static void handle_signals(void)
{
    struct sigaction on_timer = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    struct sigaction on_sent = { .sa_sigaction = on_number, .sa_flags = SA_RESTART | SA_SIGINFO };

    if (sigaction(SIGALRM, &on_timer, NULL) != 0 || sigaction(SIGRTMIN, &on_sent, NULL) != 0)
        fail("sigaction");
}

// Until `orders` is closed. A full queue is tried again.
static int send_numbers(pid_t receiver, int orders, int microseconds)
{
    const struct timespec pause = { .tv_nsec = microseconds * 1000L };
    struct pollfd end = { .fd = orders, .events = POLLIN };
    int sent = 0;

    while (ppoll(&end, 1, &pause, NULL) == 0) {
        const union sigval value = { .sival_int = sent };
        if (sigqueue(receiver, SIGRTMIN, value) == 0)
            sent++;
    }
    return sent;
}

struct sender {
    int orders;  ///< closed to end it
    int results; ///< where it says how many it has sent
};

static struct sender start_sender(int microseconds)
{
    int orders[2];
    int results[2];
    const pid_t receiver = getpid();

    if (pipe2(orders, O_CLOEXEC) != 0 || pipe2(results, O_CLOEXEC) != 0)
        fail("pipe");

    const pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(orders[1]);
        const int sent = send_numbers(receiver, orders[0], microseconds);
        _exit(write(results[1], &sent, sizeof(sent)) == sizeof(sent) ? 0 : 1);
    }
    close(orders[0]);
    close(results[1]);
    return (struct sender){ .orders = orders[1], .results = results[0] };
}

static int stop_sender(struct sender sender)
{
    int sent = 0;

    close(sender.orders);
    while (read(sender.results, &sent, sizeof(sent)) < 0)
        if (errno != EINTR)
            fail("the sender said nothing");
    close(sender.results);
    while (wait(NULL) < 0 && errno == EINTR)
        continue;
    return sent;
}

static void set_timer(int microseconds)
{
    const struct itimerval timer = { .it_interval.tv_usec = microseconds,
                                     .it_value.tv_usec = microseconds };

    if (setitimer(ITIMER_REAL, &timer, NULL) != 0)
        fail("setitimer");
}

static void allocate(int heap, int count)
{
    for (int done = 0; done < count; done++) {
        const int buffer = heap_alloc(heap, 4096, O_RDWR | O_CLOEXEC);
        if (buffer < 0) {
            dprintf(STDOUT_FILENO, "after %d allocations ", done);
            fail("ioctl");
        }
        if (done % 100 == 0 && buffer_check(buffer, 4096, (unsigned char)done) != 0)
            fail("buffer");
        close(buffer);
    }
}

int main(int argc, char **argv)
{
    errno = EINVAL;
    if (argc != 4)
        fail("usage: signals NODE ALLOCATIONS MICROSECONDS");

    const int heap = open(argv[1], O_RDWR | O_CLOEXEC);
    if (heap < 0)
        fail(argv[1]);
    const int descriptors = descriptor_count();
    const int microseconds = (int)number(argv[3]);

    handle_signals();
    const struct sender sender = start_sender(microseconds);
    set_timer(microseconds);
    allocate(heap, (int)number(argv[2]));
    set_timer(0);
    const int sent = stop_sender(sender);

    printf("%s allocations, %d alarms, %d of %d numbered signals, %d out of order, %d descriptors "
           "too many\n",
           argv[2], (int)alarms, (int)received, sent, (int)out_of_order,
           descriptor_count() - descriptors);
    return alarms > 0 && received == sent && out_of_order == 0 && descriptor_count() == descriptors
               ? 0
               : 1;
}
