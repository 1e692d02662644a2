// SPDX-License-Identifier: MIT
#include "cuse/delivery/remote_syscalls.h"

#include <sys/ptrace.h>

namespace dmaheap::delivery {

namespace {

constexpr int kSystemCallStop = SIGTRAP | 0x80; // PTRACE_O_TRACESYSGOOD

} // namespace

RemoteCall::RemoteCall(Tracee &tracee, Borrowed &borrowed, RemoteSyscall call,
                       const Registers::Arguments &arguments)
    : tracee_(tracee), borrowed_(borrowed)
{
    if (tracee_.state() != Tracee::State::stopped)
        return;

    // A failure means that the thread has been killed; the wait tells.
    static_cast<void>(
        borrowed_.registers.calling(borrowed_.abi, call, arguments).store(tracee_.thread()));
    go_on(0);
}

bool RemoteCall::advance(bool patient)
{
    while (tracee_.state() != Tracee::State::gone) {
        const auto event = tracee_.wait(patient);
        if (!event)
            return false;
        if (handle(*event))
            return true;
    }
    return true;
}

void RemoteCall::go_on(int signal)
{
    const bool stepping = borrowed_.stepping == Stepping::single_step;
    tracee_.resume(stepping ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, signal);
}

/// Whether the call is over.
bool RemoteCall::handle(const Tracee::Event &event)
{
    if (event.gone)
        return true;

    if (event.trap) {
        go_on(0); // a group stop, or its end; it is reinstated when we detach
    } else if (event.signal == kSystemCallStop) {
        if (std::exchange(entered_, true))
            return finish();
        go_on(0);
    } else if (event.signal == SIGTRAP) {
        if (finish())
            return true;
        sigaddset(&borrowed_.intercepted, SIGTRAP); // somebody sent it
        go_on(0);
    } else {
        go_on(event.signal); // SIGSTOP: all else is blocked
    }
    return false;
}

/// Takes the result, if the instruction has been executed.
bool RemoteCall::finish()
{
    const auto now = Registers::load(tracee_.thread());
    if (!now || now->program_counter() != borrowed_.registers.program_counter())
        return false;

    outcome_ = RemoteResult{ .made = true, .value = now->result(borrowed_.abi) };
    return true;
}

} // namespace dmaheap::delivery
