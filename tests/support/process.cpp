// SPDX-License-Identifier: MIT
#include "tests/support/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <ostream>
#include <system_error>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/support/combination.h"

namespace dmaheap::test {
namespace {

[[noreturn]] void throw_errno(const char *what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

// The strings stay where they are as long as `texts` does.
std::vector<char *> pointers(const std::vector<std::string> &texts)
{
    std::vector<char *> found;
    for (const std::string &text : texts)
        found.push_back(const_cast<char *>(text.c_str()));
    found.push_back(nullptr);
    return found;
}

std::vector<std::string> environment_with(const std::vector<std::string> &more)
{
    std::vector<std::string> all = more;
    for (char **entry = environ; *entry != nullptr; ++entry)
        all.emplace_back(*entry);
    return all;
}

// First out of the way of the numbers that are to be taken, then there.
bool place_descriptors(const std::vector<int> &wanted)
{
    std::array<int, 16> away{};
    const int first_free = 100;

    for (std::size_t at = 0; at < wanted.size(); ++at) {
        const int from = wanted[at] >= 0 ? wanted[at] : ::open("/dev/null", O_RDWR);
        away.at(at) = ::fcntl(from, F_DUPFD_CLOEXEC, first_free);
    }
    for (std::size_t at = 0; at < wanted.size(); ++at)
        if (::dup2(away.at(at), static_cast<int>(at)) < 0)
            return false;
    return ::close_range(static_cast<unsigned>(wanted.size()), ~0U, 0) == 0;
}

[[noreturn]] void become(const Launch &launch, char **command, char **environment)
{
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!launch.may_trace)
        ::prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE);
    if (place_descriptors(launch.descriptors))
        ::execve(command[0], command, environment);
    ::_exit(127);
}

Outcome outcome_of(const siginfo_t &info)
{
    switch (info.si_code) {
    case CLD_EXITED:
        return exited(info.si_status);
    case CLD_STOPPED:
        return stopped(info.si_status);
    default:
        return killed(info.si_status);
    }
}

std::optional<Outcome> look(pid_t pid, int what)
{
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid), &info, what | WNOHANG) != 0 || info.si_pid == 0)
        return std::nullopt;
    return outcome_of(info);
}

} // namespace

Outcome exited(int status)
{
    return { .kind = Outcome::Kind::exited, .number = status };
}

Outcome killed(int signal)
{
    return { .kind = Outcome::Kind::killed, .number = signal };
}

Outcome stopped(int signal)
{
    return { .kind = Outcome::Kind::stopped, .number = signal };
}

std::ostream &operator<<(std::ostream &out, const Outcome &outcome)
{
    switch (outcome.kind) {
    case Outcome::Kind::exited:
        return out << "exited with " << outcome.number;
    case Outcome::Kind::killed:
        return out << "killed by signal " << outcome.number;
    default:
        return out << "stopped by signal " << outcome.number;
    }
}

Process::Process(const Launch &launch)
{
    const std::vector<std::string> all = environment_with(launch.environment);
    const std::vector<char *> command = pointers(launch.command);
    const std::vector<char *> environment = pointers(all);

    const long child = ::syscall(SYS_clone, launch.namespaces | SIGCHLD, 0, 0, 0, 0);
    if (child < 0)
        throw_errno("clone");
    if (child == 0)
        become(launch, const_cast<char **>(command.data()),
               const_cast<char **>(environment.data()));

    pid_ = static_cast<pid_t>(child);
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!pidfd_.valid())
        throw_errno("pidfd_open");
}

Process::~Process()
{
    if (outcome_)
        return;
    signal(SIGKILL);
    if (!wait(Deadline(std::chrono::seconds(3))))
        std::cerr << "process " << pid_ << " cannot be killed\n";
}

void Process::signal(int number) const
{
    if (!outcome_)
        ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

std::optional<Outcome> Process::wait(const Deadline &deadline)
{
    if (outcome_ || !await_readable(pidfd_.get(), deadline))
        return outcome_;

    // A tracer gets to see it first.
    await(
        [this] {
            outcome_ = look(pid_, WEXITED);
            return outcome_.has_value();
        },
        deadline);
    return outcome_;
}

std::optional<Outcome> Process::wait_stopped(const Deadline &deadline)
{
    std::optional<Outcome> seen;

    await(
        [&] {
            seen = look(pid_, WSTOPPED);
            return seen.has_value() ||
                   await_readable(pidfd_.get(), Deadline(std::chrono::seconds(0)));
        },
        deadline);
    return seen ? seen : wait(Deadline(std::chrono::seconds(0)));
}

Ran run(std::vector<std::string> command, const Deadline &deadline)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw_errno("pipe2");
    UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);

    Process process({ .command = std::move(command),
                      .environment = {},
                      .descriptors = { -1, theirs.get(), theirs.get() },
                      .may_trace = chosen().clients_may_trace() });
    theirs.reset();

    Ran result;
    std::array<char, 4096> text{};
    while (await_readable(ours.get(), deadline)) {
        const ssize_t size = ::read(ours.get(), text.data(), text.size());
        if (size <= 0)
            break;
        result.output.append(text.data(), static_cast<std::size_t>(size));
    }
    result.outcome = process.wait(deadline);
    return result;
}

} // namespace dmaheap::test
