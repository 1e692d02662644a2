// SPDX-License-Identifier: MIT
#include "tests/support/stepper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include <poll.h>

#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "tests/support/proc.h"

namespace dmaheap::test {
namespace {

constexpr int kSystemCallStop = SIGTRAP | 0x80;

// From here on, for the whole test program: nobody else waits for SIGCHLD.
UniqueFd child_changes()
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
    return UniqueFd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

void forget_events(int changes)
{
    signalfd_siginfo info{};
    while (::read(changes, &info, sizeof(info)) > 0)
        continue;
}

// The end of the process itself is left to its owner.
std::optional<siginfo_t> change_of(pid_t thread, pid_t leader)
{
    const int what = WSTOPPED | WNOHANG | __WALL | (thread == leader ? 0 : WEXITED);
    siginfo_t info{};

    if (::waitid(P_PID, static_cast<id_t>(thread), &info, what) != 0 || info.si_pid == 0)
        return std::nullopt;
    return info;
}

bool is_over(const siginfo_t &info)
{
    return info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
}

bool is_zombie(pid_t thread)
{
    std::ifstream file("/proc/" + std::to_string(thread) + "/stat");
    std::string text;
    return !std::getline(file, text) || text.substr(text.rfind(')')).starts_with(") Z");
}

bool enters_call(pid_t thread)
{
    __ptrace_syscall_info info{};
    ::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info);
    return info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

// What it has to be given when it goes on: nothing for the stops that tracing makes.
int signal_of(const siginfo_t &info)
{
    const int stop = info.si_status & 0xff;
    const bool made_by_tracing = info.si_status >> 8 != 0 || stop == kSystemCallStop;
    return made_by_tracing ? 0 : stop;
}

} // namespace

Stepper::Stepper(pid_t pid) : pid_(pid), changes_(child_changes())
{
    for (const pid_t thread : proc::threads(pid)) {
        if (::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACESYSGOOD) != 0)
            throw std::system_error(errno, std::generic_category(), "PTRACE_SEIZE");
        threads_.push_back({ .id = thread });
        ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
    }

    const Deadline deadline;
    while (await_event(-1, std::chrono::milliseconds(20)) && !deadline.passed())
        advance(0);
}

Stepper::~Stepper()
{
    release();
}

bool Stepper::await_event(int until, std::chrono::milliseconds patience) const
{
    std::array<pollfd, 2> wanted{ { { .fd = changes_.get(), .events = POLLIN, .revents = 0 },
                                    { .fd = until, .events = POLLIN, .revents = 0 } } };
    return ::poll(wanted.data(), wanted.size(), static_cast<int>(patience.count())) > 0;
}

int Stepper::advance(int hold_at)
{
    int entered = 0;

    forget_events(changes_.get());
    for (Thread &thread : threads_) {
        const auto change = change_of(thread.id, pid_);
        if (!change || is_over(*change))
            continue;
        if (change->si_status == kSystemCallStop && enters_call(thread.id) && ++entered == hold_at)
            return entered;
        ::ptrace(PTRACE_SYSCALL, thread.id, nullptr, signal_of(*change));
    }
    return entered;
}

bool Stepper::hold_at(int count, int until, const Deadline &deadline)
{
    while (count > 0 && !deadline.passed()) {
        await_event(until, std::chrono::milliseconds(100));
        const int entered = advance(count);
        count -= entered;
        if (count > 0 && entered == 0 && await_readable(until, Deadline(std::chrono::seconds(0))))
            return false;
    }
    return count == 0;
}

bool Stepper::let_go(Thread &thread) const
{
    if (::ptrace(PTRACE_DETACH, thread.id, nullptr, thread.signal) == 0)
        return true;

    ::ptrace(PTRACE_INTERRUPT, thread.id, nullptr, nullptr);
    const auto change = change_of(thread.id, pid_);
    if (change && !is_over(*change))
        thread.signal = signal_of(*change);
    return (change && is_over(*change)) || (thread.id == pid_ && is_zombie(thread.id));
}

void Stepper::release()
{
    await([this] {
        std::erase_if(threads_, [this](Thread &thread) { return let_go(thread); });
        return threads_.empty();
    });
}

} // namespace dmaheap::test
