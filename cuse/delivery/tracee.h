// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <utility>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap::delivery {

/// A thread of a client that this thread of the daemon traces. Detached when destroyed, if it is
/// stopped then; the kernel detaches a running one when the tracing thread ends.
///
/// Only the thread that seized it may use it.
class Tracee {
public:
    enum class State { running, stopped, gone };

    /// What wait() saw.
    struct Event {
        bool gone;  ///< ended: killed, or swept away by another thread's execve
        bool trap;  ///< a stop that is no signal's: PTRACE_INTERRUPT, a group stop, SIGCONT
        int signal; ///< of the stop; SIGTRAP | 0x80 in a system call stop
    };

    /// Seizes a thread that waits for our reply and asks it to stop on its way out of the kernel.
    /// Its seccomp filters are suspended where that is allowed. EBUSY when it is traced already,
    /// or when the system forbids tracing; EINTR when it is about to die of another thread's
    /// execve, for which it waits no longer than the lane's patience.
    static Result<Tracee> seize(pid_t thread);

    Tracee(Tracee &&other) noexcept
        : thread_(other.thread_), options_(other.options_),
          state_(std::exchange(other.state_, State::gone))
    {
    }
    Tracee(const Tracee &) = delete;
    Tracee &operator=(const Tracee &) = delete;
    Tracee &operator=(Tracee &&) = delete;
    ~Tracee();

    [[nodiscard]] pid_t thread() const { return thread_; }
    [[nodiscard]] State state() const { return state_; }

    /// The next stop or the end. Nothing when there is none yet: at once if not `patient`, else
    /// when a signal interrupts the wait.
    std::optional<Event> wait(bool patient);

    /// From here on the death of the daemon kills the client: its registers are not its own.
    [[nodiscard]] Status die_with_us() const;

    /// Lets it run on: PTRACE_SINGLESTEP or PTRACE_SYSCALL, with a signal or 0.
    void resume(int request, int signal);

    /// Lets it go. A group stop that is in force goes on. One that has been killed meanwhile cannot
    /// be let go: it is running then, towards its end, and must be waited for until it is gone, or
    /// its parent can not.
    void detach();

private:
    Tracee(pid_t thread, unsigned long options) : thread_(thread), options_(options) {}

    pid_t thread_;
    unsigned long options_;
    State state_ = State::running;
};

} // namespace dmaheap::delivery
