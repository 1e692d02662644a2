// SPDX-License-Identifier: MIT
#pragma once

#include <sys/user.h>

namespace dmaheap::bench {

/// What single stepping over a system call needs to know of the machine.
#if defined(__x86_64__)

inline constexpr bool kCanStep = true;
inline constexpr unsigned long kSyscallLength = 2; ///< bytes of the instruction
inline constexpr unsigned long kSyscallBytes = 0x050f;
inline constexpr unsigned long kSyscallMask = 0xffff;

struct Registers {
    user_regs_struct raw;

    unsigned long counter() const { return raw.rip; }
    long result() const { return static_cast<long>(raw.rax); }

    /// The next instruction is the system call at `instruction`, and none is left to be restarted.
    void aim(unsigned long instruction, long number)
    {
        raw.rip = instruction;
        raw.rax = static_cast<unsigned long>(number);
        raw.orig_rax = -1UL;
    }
};

#elif defined(__aarch64__)

inline constexpr bool kCanStep = true;
inline constexpr unsigned long kSyscallLength = 4;
inline constexpr unsigned long kSyscallBytes = 0xd4000001;
inline constexpr unsigned long kSyscallMask = 0xffffffff;

struct Registers {
    user_regs_struct raw;

    unsigned long counter() const { return raw.pc; }
    long result() const { return static_cast<long>(raw.regs[0]); }

    void aim(unsigned long instruction, long number)
    {
        raw.pc = instruction;
        raw.regs[8] = static_cast<unsigned long>(number);
    }
};

#else

inline constexpr bool kCanStep = false;
inline constexpr unsigned long kSyscallLength = 0;
inline constexpr unsigned long kSyscallBytes = 0;
inline constexpr unsigned long kSyscallMask = 0;

struct Registers {
    unsigned long raw;

    unsigned long counter() const { return 0; }
    long result() const { return 0; }
    void aim(unsigned long, long) {}
};

#endif

} // namespace dmaheap::bench
