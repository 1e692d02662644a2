// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/inherited.h"

#include <initializer_list>

namespace dmaheap::run {

InheritedSignals::InheritedSignals()
{
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &mask_);

    struct sigaction waited_for{};
    waited_for.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &waited_for, &child_);
}

void InheritedSignals::restore() const
{
    ::sigaction(SIGCHLD, &child_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
}

void ignore_signals()
{
    for (const int signal : { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM,
                              SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ })
        ::signal(signal, SIG_IGN);
}

} // namespace dmaheap::run
