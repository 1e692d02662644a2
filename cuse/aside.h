// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap::cuse {

/// Threads for work that a client can make hang: touching its memory, behind which there may be a
/// userfaultfd or a file system of its own. A client in an ioctl cannot die before it has its
/// answer, so it gets one in time, whatever becomes of the work. Thread-safe.
class Aside {
public:
    /// Such as moving bytes to or from a client. May hang; must own all that it uses.
    using Work = std::move_only_function<Status()>;
    /// Told once, on some thread, what came of it.
    using Done = std::move_only_function<void(const Status &)>;

    static constexpr std::chrono::seconds kPatience{ 1 };
    static constexpr unsigned kAtOnce = 8;   ///< of one user
    static constexpr unsigned kThreads = 64; ///< of all users

    explicit Aside(std::chrono::milliseconds patience = kPatience);
    Aside(const Aside &) = delete;
    Aside &operator=(const Aside &) = delete;
    /// What is under way ends for the client now, with EFAULT; work that hangs is left behind.
    ~Aside();

    /// Starts the work when fewer than kAtOnce of the user's are under way. EFAULT to `done` when
    /// it has not ended within the patience, which counts from its start: a machine that has no
    /// time for us is not the client's fault. Work that would wait for some that hangs is EFAULT,
    /// too.
    void start(uid_t user, Work work, Done done);

private:
    struct State;

    std::shared_ptr<State> state_; ///< outlives us if work hangs
    std::jthread clock_;
};

} // namespace dmaheap::cuse
