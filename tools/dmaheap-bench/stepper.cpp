// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/stepper.h"

#include <chrono>
#include <csignal>
#include <thread>

#include <elf.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

namespace dmaheap::bench {
namespace {

Result<void> trace(const char *step, __ptrace_request request, pid_t pid, void *data = nullptr,
                   unsigned long address = 0)
{
    if (::ptrace(request, pid, address, data) == -1)
        return std::unexpected(Error{ errno, step });

    return {};
}

/// ESRCH when the child has ended instead.
Result<void> wait_for_stop(pid_t pid)
{
    int status = 0;
    while (::waitpid(pid, &status, __WALL) == -1)
        if (errno != EINTR)
            return std::unexpected(Error{ errno, "waitpid" });

    if (!WIFSTOPPED(status))
        return std::unexpected(Error{ ESRCH, "waitpid" });

    return {};
}

[[noreturn]] void wait_to_be_killed(pid_t parent)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (::getppid() == parent)
        ::pause();
    ::_exit(0);
}

} // namespace

Result<Child> Child::start()
{
    const pid_t parent = ::getpid();
    const Result<pid_t> pid = check("fork", ::fork());
    if (!pid)
        return std::unexpected(pid.error());
    if (*pid == 0)
        wait_to_be_killed(parent);

    return Child(*pid);
}

Child::~Child()
{
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, __WALL) == -1 && errno == EINTR) {
    }
}

Result<Stepper> Stepper::start(int cpu)
{
    if (!kCanStep)
        return std::unexpected(Error{ ENOSYS, "single steps on this machine" });

    Result<Child> child = Child::start();
    if (!child)
        return std::unexpected(child.error());

    Stepper stepper(*std::move(child));
    if (const auto pinned = pin(stepper.child_.pid(), cpu); !pinned)
        return std::unexpected(pinned.error());
    if (const auto stopped = stepper.stop_at_syscall(); !stopped)
        return std::unexpected(stopped.error());

    return stepper;
}

Result<void> Stepper::step()
{
    registers_.aim(instruction_, SYS_getpid);
    if (const auto written = write_registers(); !written)
        return written;
    if (const auto run = trace("PTRACE_SINGLESTEP", PTRACE_SINGLESTEP, child_.pid()); !run)
        return run;
    if (const auto stopped = wait_for_stop(child_.pid()); !stopped)
        return stopped;
    if (const auto read = read_registers(); !read)
        return read;

    if (registers_.result() != child_.pid())
        return std::unexpected(Error{ EPROTO, "getpid by single step" });
    return {};
}

/// The child may still be on its way into pause(): it is let go and stopped again until it is
/// there.
Result<void> Stepper::stop_at_syscall()
{
    constexpr int kTries = 200;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a number that ptrace takes as a pointer
    void *const options = reinterpret_cast<void *>(PTRACE_O_EXITKILL);
    if (const auto seized = trace("PTRACE_SEIZE", PTRACE_SEIZE, child_.pid(), options); !seized)
        return seized;

    for (int i = 0; i < kTries; ++i) {
        if (const auto asked = trace("PTRACE_INTERRUPT", PTRACE_INTERRUPT, child_.pid()); !asked)
            return asked;
        if (const auto stopped = wait_for_stop(child_.pid()); !stopped)
            return stopped;
        if (const auto read = read_registers(); !read)
            return read;

        instruction_ = syscall_instruction();
        if (instruction_ != 0)
            return {};

        if (const auto run = trace("PTRACE_CONT", PTRACE_CONT, child_.pid()); !run)
            return run;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    return std::unexpected(Error{ ETIMEDOUT, "stop at a system call" });
}

Result<void> Stepper::read_registers()
{
    iovec area{ .iov_base = &registers_.raw, .iov_len = sizeof registers_.raw };
    return trace("PTRACE_GETREGSET", PTRACE_GETREGSET, child_.pid(), &area, NT_PRSTATUS);
}

Result<void> Stepper::write_registers()
{
    iovec area{ .iov_base = &registers_.raw, .iov_len = sizeof registers_.raw };
    return trace("PTRACE_SETREGSET", PTRACE_SETREGSET, child_.pid(), &area, NT_PRSTATUS);
}

/// Where the stopped child has just executed a system call, or is about to repeat it (arm64
/// prepares the restart before it stops); 0 if neither.
unsigned long Stepper::syscall_instruction() const
{
    for (const unsigned long at : { registers_.counter() - kSyscallLength, registers_.counter() }) {
        errno = 0;
        const long word = ::ptrace(PTRACE_PEEKTEXT, child_.pid(), at, nullptr);
        if (errno == 0 && (static_cast<unsigned long>(word) & kSyscallMask) == kSyscallBytes)
            return at;
    }

    return 0;
}

} // namespace dmaheap::bench
