// SPDX-License-Identifier: MIT
#include "cuse/delivery/impatience.h"

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace dmaheap::delivery::impatience {

namespace {

void handle(int /*signal*/)
{
    if (sigjmp_buf *const there = std::exchange(way_out(), nullptr))
        siglongjmp(*there, 1);
}

/// `how`: SIG_BLOCK or SIG_UNBLOCK.
void mask(int how)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, signal());
    ::pthread_sigmask(how, &signals, nullptr);
}

} // namespace

int signal()
{
    return SIGUSR2;
}

void install()
{
    struct sigaction action{};
    action.sa_handler = handle; // without SA_RESTART: waitpid is to return
    if (::sigaction(signal(), &action, nullptr) == -1)
        throw std::system_error(errno, std::generic_category(), "sigaction");
}

void block()
{
    mask(SIG_BLOCK);
}

void unblock()
{
    mask(SIG_UNBLOCK);
}

sigjmp_buf *&way_out()
{
    static thread_local sigjmp_buf *there = nullptr; // a handler has no other way to know
    return there;
}

} // namespace dmaheap::delivery::impatience
