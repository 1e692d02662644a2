// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/signals.h"

#include <csignal>
#include <system_error>

#include <unistd.h>

#include <sys/signalfd.h>

namespace dmaheap::daemon {

Signals::Signals()
{
    sigset_t handled;
    sigemptyset(&handled);
    for (const int signal : { SIGTERM, SIGINT, SIGHUP, SIGUSR1 })
        sigaddset(&handled, signal);
    ::pthread_sigmask(SIG_BLOCK, &handled, nullptr);
    fd_.reset(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_.valid())
        throw std::system_error(errno, std::generic_category(), "signalfd");

    // No SIGCHLD for each stop of a client that is being served; its end is told by waitpid.
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    action.sa_flags = SA_NOCLDSTOP;
    ::sigaction(SIGCHLD, &action, nullptr);
}

int Signals::take() const
{
    signalfd_siginfo info{};
    const bool whole = ::read(fd_.get(), &info, sizeof info) == sizeof info;
    return whole ? static_cast<int>(info.ssi_signo) : 0;
}

} // namespace dmaheap::daemon
