// SPDX-License-Identifier: MIT
#include "cuse/delivery/tracee.h"

#include <array>
#include <csignal>

#include <sys/ptrace.h>
#include <sys/wait.h>

#include "cuse/delivery/impatience.h"
#include "cuse/delivery/thread_stat.h"

namespace dmaheap::delivery {

namespace {

constexpr unsigned long kQuietly = PTRACE_O_TRACESYSGOOD | PTRACE_O_SUSPEND_SECCOMP;
constexpr unsigned long kPlainly = PTRACE_O_TRACESYSGOOD;
constexpr int kEventShift = 16;
constexpr int kAttempts = 500; // of the lane's patience each

/// PTRACE_SEIZE; 0 or an errno.
///
/// While a thread of the process is in execve, it waits for that (cred_guard_mutex in the kernel);
/// and an execve that is past its last error waits for the process's other threads to die, one of
/// which waits for us. Such a thread has been killed already, and is told so: EINTR.
int attach(pid_t thread, unsigned long options)
{
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto returned =
            impatience::cut_short([&] { return ::ptrace(PTRACE_SEIZE, thread, nullptr, options); });
        if (returned)
            return *returned == -1 ? errno : 0;
        if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) == 0)
            return 0; // it had been carried out
        if (is_killed(thread))
            return EINTR;
    }
    return EINTR;
}

} // namespace

Result<Tracee> Tracee::seize(pid_t thread)
{
    // Suspending seccomp needs CAP_SYS_ADMIN, and a kernel with CONFIG_CHECKPOINT_RESTORE.
    int error = 0;
    for (const unsigned long options : std::array{ kQuietly, kPlainly }) {
        error = attach(thread, options);
        if (error == EINTR)
            return failure(EINTR, "execve of the caller's process");
        if (error != 0)
            continue;

        Tracee tracee(thread, options);
        if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) == -1)
            return failure(errno, "PTRACE_INTERRUPT");
        return tracee;
    }
    return failure(error == EPERM ? EBUSY : error, "PTRACE_SEIZE");
}

Tracee::~Tracee()
{
    if (state_ == State::stopped)
        detach();
}

std::optional<Tracee::Event> Tracee::wait(bool patient)
{
    int status = 0;
    const pid_t found = ::waitpid(thread_, &status, __WALL | (patient ? 0 : WNOHANG));
    if (found == 0 || (found == -1 && errno == EINTR))
        return std::nullopt;

    if (found == -1 || !WIFSTOPPED(status)) {
        state_ = State::gone;
        return Event{ .gone = true, .trap = false, .signal = 0 };
    }
    state_ = State::stopped;
    return Event{ .gone = false,
                  .trap = status >> kEventShift == PTRACE_EVENT_STOP,
                  .signal = WSTOPSIG(status) };
}

Status Tracee::die_with_us() const
{
    return check_done("PTRACE_SETOPTIONS",
                      ::ptrace(PTRACE_SETOPTIONS, thread_, nullptr, options_ | PTRACE_O_EXITKILL));
}

void Tracee::resume(int request, int signal)
{
    // It fails only when the thread has been killed meanwhile; the next wait() tells.
    static_cast<void>(::ptrace(static_cast<__ptrace_request>(request), thread_, nullptr,
                               static_cast<unsigned long>(signal)));
    state_ = State::running;
}

void Tracee::detach()
{
    const bool detached = ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr) == 0;
    state_ = detached ? State::gone : State::running;
}

} // namespace dmaheap::delivery
