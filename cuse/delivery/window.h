// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstdint>

#include "cuse/delivery/remote_syscalls.h"
#include "cuse/delivery/tracee.h"

namespace dmaheap::delivery {

/// The time in which a stopped caller is borrowed: its signals are blocked, its registers are ours,
/// and the death of the daemon is its own. close() gives everything back; so does the destructor,
/// and the ioctl then ends in EIO.
class Window {
public:
    /// `stepping`: how the caller is to be made to execute system calls. ECANCELED when the ioctl
    /// did not end with `expected`, the result that the reply gave it: then it has been told
    /// something else already, and there is nothing to deliver.
    static Result<Window> open(Tracee &tracee, std::int64_t expected, Stepping stepping);

    Window(Window &&other) noexcept
        : tracee_(std::exchange(other.tracee_, nullptr)), borrowed_(other.borrowed_),
          signal_mask_(other.signal_mask_)
    {
    }
    Window(const Window &) = delete;
    Window &operator=(const Window &) = delete;
    Window &operator=(Window &&) = delete;
    ~Window();

    [[nodiscard]] Borrowed &borrowed() { return borrowed_; }

    /// Lets the caller go on, out of its ioctl with this result; -errno for an error.
    void close(std::int64_t result) &&;

private:
    Window(Tracee &tracee, const Borrowed &borrowed) : tracee_(&tracee), borrowed_(borrowed) {}
    Status block_signals();
    void give_back(std::int64_t result);

    Tracee *tracee_;
    Borrowed borrowed_;
    std::uint64_t signal_mask_ = 0; ///< the kernel's sigset_t
};

} // namespace dmaheap::delivery
