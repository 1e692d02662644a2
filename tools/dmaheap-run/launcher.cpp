// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/launcher.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "core/closed_streams.h"
#include "tools/dmaheap-run/events.h"
#include "tools/dmaheap-run/exit_status.h"
#include "tools/dmaheap-run/host.h"
#include "tools/dmaheap-run/inherited.h"
#include "tools/dmaheap-run/nanny.h"
#include "tools/dmaheap-run/streams.h"

namespace dmaheap::run {

namespace {

/// What somebody may send to us and means for the command.
UniqueFd passed_on_signals()
{
    sigset_t passed_on;
    sigfillset(&passed_on);
    for (const int ours : { SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE })
        sigdelset(&passed_on, ours);
    return UniqueFd(::signalfd(-1, &passed_on, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// What a terminal sends has reached the command already; but when it hangs up, it tells the leader
/// of the session alone (tty_signal_session_leader() in drivers/tty/tty_jobctrl.c).
bool has_reached_command(const signalfd_siginfo &info)
{
    const bool of_terminal = info.ssi_code > 0;
    const bool to_leader = info.ssi_signo == SIGHUP && ::getsid(0) == ::getpid();
    return of_terminal && !to_leader;
}

void pass_on(int signals, int events)
{
    signalfd_siginfo info{};
    while (::read(signals, &info, sizeof info) == sizeof info)
        if (!has_reached_command(info))
            tell(events, { .what = What::signal, .value = static_cast<int>(info.ssi_signo) });
}

/// Stops like the command, and goes on when somebody lets us.
void stop(int events)
{
    ::kill(::getpid(), SIGSTOP);
    tell(events, { .what = What::signal, .value = SIGCONT });
}

/// Waits until everything is gone. The status of a host that could not start the command.
int await_host(pid_t host)
{
    int status = 0;
    const bool failed = ::waitpid(host, &status, 0) == host && WIFEXITED(status);
    return failed ? WEXITSTATUS(status) : EXIT_SUCCESS;
}

/// Of one that has said why, unless somebody has killed it.
int await_failed_host(pid_t host)
{
    int status = 0;
    if (::waitpid(host, &status, 0) == host && WIFSIGNALED(status))
        ::dprintf(STDERR_FILENO,
                  "dmaheap-run: the process that serves the nodes was killed by signal %d (%s) "
                  "before the command could start\n",
                  WTERMSIG(status), ::strsignal(WTERMSIG(status)));
    return kCouldNotRun;
}

/// The whole of a command's life, as it is told. Nothing when all that could tell have been killed.
std::optional<int> follow(int events, int signals, pid_t &command, pid_t host)
{
    std::array<pollfd, 2> waited{ pollfd{ signals, POLLIN, 0 }, pollfd{ events, POLLIN, 0 } };
    for (;;) {
        ::poll(waited.data(), waited.size(), -1);
        pass_on(signals, events);
        if (waited[1].revents == 0)
            continue;

        const auto event = hear(events);
        if (!event)
            return std::nullopt;
        if (event->what == What::started)
            command = event->value;
        if (event->what == What::stopped)
            stop(events);
        if (event->what == What::failed)
            return await_failed_host(host);
        if (event->what != What::ended)
            continue;
        const int failed = event->rest == 0 ? await_host(host) : EXIT_SUCCESS;
        return failed == EXIT_SUCCESS ? event->value : failed;
    }
}

/// The command's parent has been killed, so that we are that now.
int await_orphan(pid_t command, pid_t host)
{
    int status = 0;
    if (command <= 0 || ::waitpid(command, &status, 0) != command)
        return await_failed_host(host);
    return exit_status(status);
}

} // namespace

int launch(const Options &options)
{
    fill_closed_streams(); // which stay closed for the command
    const InheritedSignals inherited;
    auto [ours, theirs] = make_events();
    const pid_t host_process = ::fork();
    if (host_process == -1)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (host_process == 0) {
        ours.reset();
        ::_exit(host(options, inherited, theirs.get()));
    }
    theirs.reset();
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const UniqueFd signals = passed_on_signals();
    leave_streams(Messages::go_to_stderr, { ours.get(), signals.get() });

    pid_t command = 0;
    const auto status = follow(ours.get(), signals.get(), command, host_process);
    return status ? *status : await_orphan(command, host_process);
}

} // namespace dmaheap::run
