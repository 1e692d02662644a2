// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstdint>

#include "core/result.h"
#include "cuse/delivery/lane.h"
#include "cuse/delivery/registers.h"
#include "cuse/delivery/tracee.h"

namespace dmaheap::delivery {

/// How a tracee is made to execute one system call and no more.
///
/// A single step ends with a forced SIGTRAP, which resets the disposition of a client that ignores
/// that signal (force_sig_info_to_task() in the kernel); system call stops force nothing, but there
/// are two of them a call.
enum class Stepping { single_step, system_call_stops };

/// What came of a system call in the caller. That it could not be made, because the caller is gone,
/// is another thing than the kernel's answer.
struct RemoteResult {
    bool made = false;
    std::int64_t value = 0; ///< -errno for an error

    [[nodiscard]] bool ok() const { return made && value >= 0; }
};

/// What all system calls of one delivery share: the stopped thread and how it is borrowed.
struct Borrowed {
    Registers registers; ///< as they were at the stop
    Abi abi;
    Stepping stepping;
    sigset_t intercepted{}; ///< signals for the client that came between; to be sent again
};

/// One system call in the caller, at the instruction that it has just executed.
class RemoteCall : public Awaited {
public:
    /// Tracee and `borrowed` must outlive it.
    RemoteCall(Tracee &tracee, Borrowed &borrowed, RemoteSyscall call,
               const Registers::Arguments &arguments);

    bool advance(bool patient) override;
    [[nodiscard]] RemoteResult outcome() const { return outcome_; }

private:
    void go_on(int signal);
    bool handle(const Tracee::Event &event);
    bool finish();

    Tracee &tracee_;
    Borrowed &borrowed_;
    bool entered_ = false; ///< the first of two system call stops has been seen
    RemoteResult outcome_;
};

/// The caller's next stop: on its way out of the ioctl. False when it is gone.
class NextStop : public Awaited {
public:
    explicit NextStop(Tracee &tracee) : tracee_(tracee) {}

    bool advance(bool patient) override { return tracee_.wait(patient).has_value(); }
    [[nodiscard]] bool outcome() const { return tracee_.state() == Tracee::State::stopped; }

private:
    Tracee &tracee_;
};

} // namespace dmaheap::delivery
