// SPDX-License-Identifier: MIT
#include "tests/unit/support/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/support/deadline.h"
#include "tests/support/proc.h"

namespace dmaheap::test {

namespace {

constexpr int kKilled = 128;

/// Catch2 handles the signals that a test may die of; a child dies of them by itself.
void forget_handlers()
{
    for (int signal = 1; signal < SIGRTMIN; ++signal)
        std::signal(signal, SIG_DFL);
}

std::pair<int, int> make_ends()
{
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == -1)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    return { ends[0], ends[1] };
}

} // namespace

void Line::say(long value) const
{
    static_cast<void>(!::send(end_.get(), &value, sizeof value, MSG_NOSIGNAL));
}

long Line::hear() const
{
    long value = -1;
    ssize_t got = -1;
    do
        got = ::recv(end_.get(), &value, sizeof value, 0);
    while (got == -1 && errno == EINTR);
    return got == sizeof value ? value : -1;
}

Child::Child(const std::function<int(const Line &)> &body) : Child(make_ends(), body) {}

Child::Child(const std::pair<int, int> &ends, const std::function<int(const Line &)> &body)
    : line_(ends.first), pid_(::fork())
{
    if (pid_ == -1)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ != 0) {
        ::close(ends.second);
        return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    forget_handlers();
    ::close(ends.first);
    ::_exit(body(Line(ends.second)));
}

Child::~Child()
{
    if (pid_ == -1)
        return;
    kill(SIGKILL);
    static_cast<void>(wait());
}

void Child::kill(int signal) const
{
    if (pid_ != -1)
        ::kill(pid_, signal);
}

int Child::wait()
{
    int status = 0;
    pid_t found = -1;
    do
        found = ::waitpid(pid_, &status, __WALL);
    while (found == -1 ? errno == EINTR : WIFSTOPPED(status));
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : kKilled + WTERMSIG(status);
}

bool Child::sleeps_in(long system_call) const
{
    return await([this, system_call] { return proc::system_call(pid_) == system_call; });
}

int sleep_until_killed(const Line & /*line*/)
{
    while (true)
        ::pause();
}

} // namespace dmaheap::test
