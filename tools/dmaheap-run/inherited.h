// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

namespace dmaheap::run {

/// How signals were set when we were started: that is how the command is to have them. While this
/// lives nothing interrupts us; signals are read from descriptors.
class InheritedSignals {
public:
    /// Blocks all signals. Children are to be waited for, even if the one who started us ignores
    /// SIGCHLD.
    InheritedSignals();

    /// For the command, just before it is executed.
    void restore() const;

private:
    sigset_t mask_{};
    struct sigaction child_{};
};

/// Our processes are there for as long as the command is, whatever a terminal sends to all of them.
void ignore_signals();

} // namespace dmaheap::run
