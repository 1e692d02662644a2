// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

#include "core/result.h"
#include "core/unique_fd.h"

namespace dmaheap::cuse {

enum class Waits {
    killably, ///< once a call has been received, only a deadly signal ends it; from Linux 5.19
    interruptibly,
};

/// An ioctl that a thread waits in until it is answered.
struct Notification {
    std::uint64_t id;
    pid_t thread; ///< in our pid namespace
    int fd;       ///< as the thread numbers it; perhaps none of its descriptors
    std::uint32_t command;
    std::uint64_t argument;
};

/// The receiving end of a filter. Each operation is one call to the kernel; ENOENT says that the
/// thread does not wait any more: killed, or interrupted by a signal where it may be.
class Listener {
public:
    explicit Listener(UniqueFd fd, Waits waits = Waits::interruptibly)
        : fd_(std::move(fd)), waits_(waits)
    {
    }

    /// Whether this kernel puts descriptors into waiting threads.
    [[nodiscard]] Status can_add_descriptors() const;
    /// Asks the kernel to run whoever is woken on the CPU of the one that wakes, as the two take
    /// turns anyway. Linux 6.6; best effort.
    void take_turns() const;

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Waits waits() const { return waits_; }

    /// The next one. Waits when there is none: poll first. Nothing when it was taken back.
    [[nodiscard]] Result<std::optional<Notification>> receive() const;
    /// Whether the thread still waits, so that its id cannot be another thread's by now.
    [[nodiscard]] Status is_waiting(std::uint64_t id) const;
    /// Puts a duplicate of `fd` into the thread's table, under the lowest free number, which is
    /// returned. EMFILE at the thread's own limit.
    [[nodiscard]] Result<int> add_descriptor(std::uint64_t id, int fd, bool close_on_exec) const;
    /// Ends the ioctl: 0, or an errno.
    [[nodiscard]] Status answer(std::uint64_t id, int error) const;
    /// Lets the kernel do what it would have done.
    [[nodiscard]] Status let_pass(std::uint64_t id) const;

private:
    [[nodiscard]] Status send(std::uint64_t id, int error, std::uint32_t flags) const;

    UniqueFd fd_;
    Waits waits_;
};

} // namespace dmaheap::cuse
