// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <unistd.h>

#include <sys/syscall.h>

#include "cuse/delivery/tracee.h"
#include "tests/unit/support/child.h"

namespace dmaheap::test {

/// A child that waits in pause(2) and has been stopped on its way out of it, as a client is on its
/// way out of an ioctl. When it is let go it says what pause() returned, and exits.
struct StoppedChild {
    static constexpr long kInterrupted = -514; ///< -ERESTARTNOHAND: what pause() leaves with

    StoppedChild() : StoppedChild([](const Line &) {}) {}

    /// `afterwards`: what it does after it has said so.
    explicit StoppedChild(const std::function<void(const Line &)> &afterwards)
        : child([&afterwards](const Line &line) {
              long result = 0;
              asm volatile("syscall" : "=a"(result) : "a"(SYS_pause) : "rcx", "r11", "memory");
              line.say(result);
              afterwards(line);
              return 0;
          })
    {
        if (!child.sleeps_in(SYS_pause))
            return;
        auto seized = delivery::Tracee::seize(child.pid());
        if (seized && seized->wait(true))
            tracee.emplace(*std::move(seized));
    }

    Child child;
    std::optional<delivery::Tracee> tracee;
};

} // namespace dmaheap::test
