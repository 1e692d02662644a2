// SPDX-License-Identifier: MIT
#include "cuse/delivery/window.h"

#include <unistd.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>

namespace dmaheap::delivery {

namespace {

constexpr std::uint64_t bit_of(int signal)
{
    return std::uint64_t{ 1 } << (signal - 1);
}

/// The ABI of the system call that the thread has just executed.
Result<Abi> abi_of(pid_t thread, const Registers &registers)
{
    errno = 0;
    const long word = ::ptrace(PTRACE_PEEKTEXT, thread,
                               registers.program_counter() - Registers::kInstruction, nullptr);
    if (errno != 0)
        return failure(errno, "PTRACE_PEEKTEXT");

    return Registers::abi_of(static_cast<std::uint16_t>(word));
}

Status exchange_mask(int request, pid_t thread, std::uint64_t &mask)
{
    return check_done("signal mask",
                      ::ptrace(static_cast<__ptrace_request>(request), thread, sizeof mask, &mask));
}

} // namespace

Result<Window> Window::open(Tracee &tracee, std::int64_t expected, Stepping stepping)
{
    const auto registers = Registers::load(tracee.thread());
    if (!registers)
        return std::unexpected(registers.error());

    const auto abi = abi_of(tracee.thread(), *registers);
    if (!abi)
        return std::unexpected(abi.error());
    if (registers->result(*abi) != expected)
        return failure(ECANCELED, "result of the ioctl");
    if (auto tied = tracee.die_with_us(); !tied)
        return std::unexpected(tied.error());

    Window window(tracee, Borrowed{ *registers, *abi, stepping });
    if (auto blocked = window.block_signals(); !blocked)
        return std::unexpected(blocked.error());

    return window;
}

Window::~Window()
{
    if (tracee_)
        give_back(-EIO);
}

void Window::close(std::int64_t result) &&
{
    give_back(result);
    tracee_ = nullptr;
}

Status Window::block_signals()
{
    if (auto got = exchange_mask(PTRACE_GETSIGMASK, tracee_->thread(), signal_mask_); !got)
        return got;

    std::uint64_t mask = ~std::uint64_t{ 0 };
    if (borrowed_.stepping == Stepping::single_step)
        mask &= ~bit_of(SIGTRAP); // forced while it is blocked, it would lose its handler
    return exchange_mask(PTRACE_SETSIGMASK, tracee_->thread(), mask);
}

void Window::give_back(std::int64_t result)
{
    if (tracee_->state() != Tracee::State::stopped)
        return;

    // Each fails only when the thread has been killed.
    Registers registers = borrowed_.registers;
    registers.set_result(result);
    static_cast<void>(registers.store(tracee_->thread()));
    static_cast<void>(exchange_mask(PTRACE_SETSIGMASK, tracee_->thread(), signal_mask_));
    if (sigismember(&borrowed_.intercepted, SIGTRAP) == 1)
        ::syscall(SYS_tkill, tracee_->thread(), SIGTRAP);
    tracee_->detach();
}

} // namespace dmaheap::delivery
