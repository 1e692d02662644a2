// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include <sys/types.h>
#include <sys/user.h>

#include "core/result.h"

namespace dmaheap::delivery {

/// Which numbers and structs a system call instruction speaks. It is the instruction that decides,
/// not the mode of the processor: a 64-bit program may use `int $0x80` too.
enum class Abi { x86_64, i386 };

/// A system call of ours in the caller: its number in each ABI, as the kernel's tables have them.
struct RemoteSyscall {
    int x86_64;
    int i386;
};

namespace remote {
constexpr RemoteSyscall kSocket{ 41, 359 };
constexpr RemoteSyscall kMmap{ 9, 192 }; // mmap2 on i386: the offset is in pages; ours is 0
constexpr RemoteSyscall kMunmap{ 11, 91 };
constexpr RemoteSyscall kRecvmsg{ 47, 372 };
constexpr RemoteSyscall kDup3{ 292, 330 };
constexpr RemoteSyscall kClose{ 3, 6 };
constexpr RemoteSyscall kPidfdOpen{ 434, 434 };
constexpr RemoteSyscall kPidfdGetfd{ 438, 438 };
} // namespace remote

/// The registers of a stopped thread. A plain value; load() and store() move it.
class Registers {
public:
    using Arguments = std::array<std::uint64_t, 6>;

    /// Both system call instructions are two bytes long.
    static constexpr std::uint64_t kInstruction = 2;

    Registers() = default;
    explicit Registers(const user_regs_struct &raw) : raw_(raw) {}

    static Result<Registers> load(pid_t thread);
    [[nodiscard]] Status store(pid_t thread) const;

    /// The ABI of the instruction whose two bytes stand before the program counter; ENOEXEC when it
    /// is no system call.
    static Result<Abi> abi_of(std::uint16_t instruction);

    [[nodiscard]] std::uint64_t program_counter() const { return raw_.rip; }

    /// What the system call that has just been executed returned; -errno for an error.
    [[nodiscard]] std::int64_t result(Abi abi) const;
    void set_result(std::int64_t result) { raw_.rax = static_cast<std::uint64_t>(result); }

    /// These registers, set to execute the same system call instruction once more with another
    /// number and other arguments.
    [[nodiscard]] Registers calling(Abi abi, RemoteSyscall call, const Arguments &arguments) const;

    [[nodiscard]] const user_regs_struct &raw() const { return raw_; }

private:
    user_regs_struct raw_{};
};

} // namespace dmaheap::delivery
