// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <sys/types.h>

#include "tools/dmaheap-bench/affinity.h"
#include "tools/dmaheap-bench/registers.h"
#include "tools/dmaheap-bench/result.h"

namespace dmaheap::bench {

/// A child process that only waits; it ends with this object, or with this process.
class Child {
public:
    static Result<Child> start();

    Child(Child &&other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Child &operator=(Child &&) = delete;
    ~Child();

    pid_t pid() const { return pid_; }

private:
    explicit Child(pid_t pid) : pid_(pid) {}

    pid_t pid_;
};

/// Makes a traced child execute one system call after another by single steps, as a server does
/// that puts a descriptor into its caller. Stays in the thread that started it.
class Stepper {
public:
    /// A child on `cpu`, stopped behind a system call instruction.
    /// ENOSYS on a machine whose registers are not known here.
    static Result<Stepper> start(int cpu);

    /// Keeps the child on another CPU from now on.
    Result<void> move_to(int cpu) { return pin(child_.pid(), cpu); }

    /// One step: write registers, execute getpid, wait, read registers.
    Result<void> step();

private:
    explicit Stepper(Child child) : child_(std::move(child)) {}

    Result<void> stop_at_syscall();
    Result<void> read_registers();
    Result<void> write_registers();
    unsigned long syscall_instruction() const;

    Child child_;
    Registers registers_{};
    unsigned long instruction_ = 0;
};

} // namespace dmaheap::bench
