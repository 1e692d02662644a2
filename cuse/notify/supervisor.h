// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <thread>
#include <vector>

#include "core/unique_fd.h"
#include "cuse/notify/desk.h"
#include "cuse/notify/listener.h"

namespace dmaheap::cuse {

/// Threads that receive what a filter reports and take it to a desk: several clients at once, each
/// of which may be slow. Idle, one of them sleeps in the kernel and the others wait for their turn.
class Supervisor {
public:
    /// `desk` must outlive the supervisor. Throws std::system_error.
    Supervisor(Listener listener, Desk &desk, unsigned threads);
    Supervisor(const Supervisor &) = delete;
    Supervisor &operator=(const Supervisor &) = delete;
    /// Waits for what the threads have begun.
    ~Supervisor();

private:
    void run();
    std::optional<Notification> next();

    Listener listener_;
    Desk &desk_;
    UniqueFd stop_;
    std::mutex turn_;
    bool stopped_ = false; ///< guarded by `turn_`
    std::vector<std::jthread> threads_;
};

} // namespace dmaheap::cuse
