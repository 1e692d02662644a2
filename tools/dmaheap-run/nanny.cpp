// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/nanny.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <poll.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "tools/dmaheap-run/events.h"
#include "tools/dmaheap-run/inherited.h"
#include "tools/dmaheap-run/streams.h"

namespace dmaheap::run {

namespace {

constexpr int kBySignal = 128;

/// One command, and what has been seen of it.
struct Ward {
    int events;
    pid_t command;
    bool ended = false;
    int status = 0;
};

UniqueFd child_signals()
{
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    return UniqueFd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
}

void note(Ward &ward, pid_t process, int status)
{
    if (process != ward.command)
        return;
    if (WIFSTOPPED(status))
        return tell(ward.events, { .what = What::stopped, .value = WSTOPSIG(status) });

    ward.ended = true;
    ward.status = exit_status(status);
}

/// False when there are no children left.
bool look_after_children(Ward &ward)
{
    const bool had_ended = ward.ended;
    int status = 0;
    pid_t process = 0;
    while ((process = ::waitpid(-1, &status, WUNTRACED | WNOHANG)) > 0)
        note(ward, process, status);
    const bool some_are_left = process == 0;
    if (ward.ended && !had_ended)
        tell(ward.events,
             { .what = What::ended, .value = ward.status, .rest = some_are_left ? 1 : 0 });
    return some_are_left;
}

/// False when the one who started us has gone: then the command goes, as if it had been that one.
bool take_request(const Ward &ward)
{
    const auto request = hear(ward.events);
    const int signal = request ? request->value : SIGKILL;
    if (!ward.ended)
        ::kill(ward.command, signal);
    return request.has_value();
}

} // namespace

int exit_status(int waited)
{
    return WIFSIGNALED(waited) ? kBySignal + WTERMSIG(waited) : WEXITSTATUS(waited);
}

void be_nanny(int events, const std::function<void()> &become_command)
{
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const UniqueFd signals = child_signals();
    Ward ward{ .events = events, .command = ::fork() };
    if (ward.command == 0) {
        become_command();
        ::_exit(EXIT_FAILURE);
    }
    if (ward.command == -1) {
        ::dprintf(STDERR_FILENO, "dmaheap-run: fork: %s (see ulimit -u)\n", std::strerror(errno));
        tell(events, { .what = What::failed });
        ::_exit(EXIT_FAILURE);
    }
    ignore_signals();
    leave_streams(Messages::are_none, { events, signals.get() });
    static_cast<void>(::chdir("/") == 0);
    tell(events, { .what = What::started, .value = ward.command });

    std::array<pollfd, 2> waited{ pollfd{ signals.get(), POLLIN, 0 }, pollfd{ events, POLLIN, 0 } };
    for (bool going_on = true; going_on;) {
        ::poll(waited.data(), waited.size(), -1);
        signalfd_siginfo ignored{};
        while (::read(signals.get(), &ignored, sizeof ignored) > 0)
            continue;
        if (waited[1].revents != 0 && !take_request(ward))
            waited[1].fd = -1;
        going_on = look_after_children(ward);
    }
    ::_exit(EXIT_SUCCESS);
}

} // namespace dmaheap::run
