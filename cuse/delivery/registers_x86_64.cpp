// SPDX-License-Identifier: MIT
#include "cuse/delivery/registers_x86_64.h"

#include <sys/ptrace.h>

namespace dmaheap::delivery {

namespace {

constexpr std::uint16_t kSyscall = 0x050f; // 0f 05
constexpr std::uint16_t kInt80 = 0x80cd;   // cd 80

} // namespace

Result<Registers> Registers::load(pid_t thread)
{
    user_regs_struct raw{};
    if (auto done = check_done("PTRACE_GETREGS", ::ptrace(PTRACE_GETREGS, thread, nullptr, &raw));
        !done)
        return std::unexpected(done.error());

    return Registers(raw);
}

Status Registers::store(pid_t thread) const
{
    return check_done("PTRACE_SETREGS", ::ptrace(PTRACE_SETREGS, thread, nullptr, &raw_));
}

Result<Abi> Registers::abi_of(std::uint16_t instruction)
{
    if (instruction == kSyscall)
        return Abi::x86_64;
    if (instruction == kInt80)
        return Abi::i386;

    return failure(ENOEXEC, "system call instruction");
}

std::int64_t Registers::result(Abi abi) const
{
    if (abi == Abi::x86_64)
        return static_cast<std::int64_t>(raw_.rax);

    constexpr std::uint32_t kFirstError = 0xfffff001; // -4095; what is below may be an address
    const auto low = static_cast<std::uint32_t>(raw_.rax);
    return low >= kFirstError ? static_cast<std::int32_t>(low) : static_cast<std::int64_t>(low);
}

Registers Registers::calling(Abi abi, RemoteSyscall call, const Arguments &arguments) const
{
    Registers next = *this;
    user_regs_struct &raw = next.raw_;
    raw.rip -= kInstruction;
    raw.orig_rax = ~0ULL; // not a system call to be restarted
    if (abi == Abi::x86_64) {
        raw.rax = static_cast<std::uint64_t>(call.x86_64);
        raw.rdi = arguments[0], raw.rsi = arguments[1], raw.rdx = arguments[2];
        raw.r10 = arguments[3], raw.r8 = arguments[4], raw.r9 = arguments[5];
    } else {
        raw.rax = static_cast<std::uint64_t>(call.i386);
        raw.rbx = arguments[0], raw.rcx = arguments[1], raw.rdx = arguments[2];
        raw.rsi = arguments[3], raw.rdi = arguments[4], raw.rbp = arguments[5];
    }
    return next;
}

} // namespace dmaheap::delivery
