// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/trial.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>

#include <unistd.h>

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "core/mapping.h"
#include "core/sys.h"
#include "core/unique_fd.h"

namespace dmaheap::run {

namespace {

[[noreturn]] void wait_to_be_killed(pid_t parent)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    while (::getppid() == parent)
        ::pause();
    ::_exit(EXIT_SUCCESS);
}

/// A process that does nothing, for as long as this one lives.
class Idler {
public:
    Idler()
    {
        const pid_t parent = ::getpid();
        process_ = ::fork();
        if (process_ == 0)
            wait_to_be_killed(parent);
    }
    Idler(const Idler &) = delete;
    Idler &operator=(const Idler &) = delete;
    ~Idler()
    {
        if (process_ == -1)
            return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }

    [[nodiscard]] pid_t process() const { return process_; }

private:
    pid_t process_ = -1;
};

int error_of(long returned)
{
    return returned == -1 ? errno : 0;
}

UniqueFd pidfd_of(pid_t other)
{
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, other, 0)));
}

int open_it(pid_t other)
{
    return pidfd_of(other).valid() ? 0 : errno;
}

int fetch_from(pid_t other)
{
    const UniqueFd process = pidfd_of(other);
    const UniqueFd fetched(
        static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), process.get(), 0)));
    // It has no descriptor of that number, which only one who may ask is told.
    return fetched.valid() || errno == EBADF ? 0 : errno;
}

int read_from(pid_t other)
{
    char byte = 0; // which is at the same place there
    const iovec range{ &byte, sizeof byte };
    return error_of(::process_vm_readv(other, &range, 1, &range, 1, 0));
}

/// What is there already.
int write_to(pid_t other)
{
    char byte = 0;
    const iovec range{ &byte, sizeof byte };
    static_cast<void>(::process_vm_readv(other, &range, 1, &range, 1, 0));
    return error_of(::process_vm_writev(other, &range, 1, &range, 1, 0));
}

int trace(pid_t other)
{
    return error_of(::ptrace(PTRACE_SEIZE, other, nullptr, nullptr));
}

struct Attempt {
    const char *call;
    int (*made)(pid_t other); ///< errno, or 0
};

constexpr std::array kAttempts{
    Attempt{ "pidfd_open", open_it },
    Attempt{ "pidfd_getfd", fetch_from },
    Attempt{ "process_vm_readv", read_from },
    Attempt{ "process_vm_writev", write_to },
    Attempt{ "ptrace", trace },
};

/// Shared with the one that tries: a call may be the last thing that it does.
struct Progress {
    std::size_t begun;
    int error;
};

void try_all(Progress &progress, std::size_t count)
{
    const Idler other;
    if (other.process() == -1) {
        progress.error = errno;
        return;
    }
    for (std::size_t at = 0; at < count && progress.error == 0; ++at) {
        progress.begun = at + 1;
        progress.error = kAttempts.at(at).made(other.process());
    }
}

const char *step_of(const Progress &progress)
{
    return progress.begun == 0 ? "fork" : kAttempts.at(progress.begun - 1).call;
}

} // namespace

Status try_reach(Reach reach)
{
    const auto file = sys::memfd("trial", sizeof(Progress));
    if (!file)
        return std::unexpected(file.error());
    const auto shared = Mapping::shared(file->get(), 0, sizeof(Progress));
    if (!shared)
        return std::unexpected(shared.error());

    auto &progress = *new (shared->data()) Progress{};
    const pid_t trying = ::fork();
    if (trying == 0) {
        try_all(progress, kAttempts.size() - (reach == Reach::traced ? 0 : 1));
        ::_exit(EXIT_SUCCESS);
    }
    int status = 0;
    if (trying == -1 || ::waitpid(trying, &status, 0) != trying)
        return failure(errno, "fork");
    if (!WIFEXITED(status))
        return failure(EPERM, step_of(progress));
    return progress.error == 0 ? Status() : failure(progress.error, step_of(progress));
}

} // namespace dmaheap::run
