// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <sys/types.h>

#include "core/unique_fd.h"
#include "tests/support/deadline.h"

namespace dmaheap::test {

/// Runs a process of ours from system call to system call, so that something can be done to it or
/// to others at each of them. Its end lets go of the process.
class Stepper {
public:
    /// Waits until all its threads are waiting for something.
    explicit Stepper(pid_t pid);
    Stepper(const Stepper &) = delete;
    Stepper &operator=(const Stepper &) = delete;
    ~Stepper();

    /// Lets it run until one of its threads enters the `count`-th system call from here on, and
    /// holds that thread there. False when `until` could be read first, or at the deadline.
    bool hold_at(int count, int until, const Deadline &deadline = Deadline{});
    /// Lets it run freely.
    void release();

private:
    struct Thread {
        pid_t id;
        int signal = 0; ///< that it was stopped for and has still to get
    };

    /// Takes note of what has stopped, and lets it run on; how many calls were entered.
    /// With `hold_at` it is the thread that enters that call which is held.
    int advance(int hold_at);
    /// Whether it has let the thread go, or the thread has ended.
    bool let_go(Thread &thread) const;
    bool await_event(int until, std::chrono::milliseconds patience) const;

    pid_t pid_;
    UniqueFd changes_; ///< a signalfd of SIGCHLD
    std::vector<Thread> threads_;
};

} // namespace dmaheap::test
