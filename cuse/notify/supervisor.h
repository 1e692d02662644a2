// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include <sys/types.h>

#include "core/unique_fd.h"
#include "cuse/notify/desk.h"
#include "cuse/notify/listener.h"

namespace dmaheap::cuse {

/// Threads that receive what a filter reports and take it to a desk: several clients at once, each
/// of which may be slow. One of them listens, and serves; the others wait for their turn, which
/// comes when that takes more than a moment, or when more calls are waiting. To wake another one at
/// each call would cost as much as the call. Idle, nobody wakes.
///
/// A client whose memory hangs (a userfaultfd, a file system of its own) gets EFAULT in time, and
/// another thread does the work of the one that hangs in it.
class Supervisor {
public:
    /// Memory hangs when it does so at so many looks: a starved machine is slow, too.
    static constexpr unsigned kLooks = 10;
    static constexpr std::chrono::milliseconds kBetweenLooks{ 500 };
    /// After which the one that listens, and serves, is looked at for whether another has to
    /// listen.
    static constexpr std::chrono::milliseconds kMoment{ 1 };
    static constexpr std::size_t kMostThreads = 64; ///< with those that hang

    /// With fewer threads where no more can be had. `desk` must outlive the supervisor. Throws
    /// std::system_error.
    Supervisor(Listener listener, Desk &desk, unsigned threads);
    Supervisor(const Supervisor &) = delete;
    Supervisor &operator=(const Supervisor &) = delete;
    /// Waits for what the threads have begun, also for those that hang.
    ~Supervisor();

    /// Whether a thread is in the memory of a client, as it is when it hangs there.
    [[nodiscard]] bool hangs();

private:
    struct Seat {
        std::atomic<pid_t> thread = 0;
        std::atomic<std::uint64_t> serving = 0; ///< 0: nobody
        std::uint64_t seen = 0;                 ///< guarded by `looking_`, as is what follows
        unsigned looks = 0;                     ///< one after the other that saw it hang
        std::chrono::steady_clock::time_point next_look;
        std::uint64_t given_up = 0;
        std::jthread running;
    };

    bool start_thread();
    void run(Seat &seat);
    std::optional<Notification> next(Seat &seat);
    bool await_turn(Seat &seat);
    void hand_on();
    std::nullopt_t stop();
    void note_beginning();
    void watch(const std::stop_token &stop);
    void pause(std::unique_lock<std::mutex> &lock, const std::stop_token &stop, bool some_served);
    bool look();
    void look_again(Seat &seat);
    void give_up(Seat &seat);

    Listener listener_;
    Desk &desk_;
    unsigned wanted_;
    UniqueFd stop_;
    std::mutex looking_; ///< guards what follows
    std::condition_variable turn_;
    const Seat *listening_ = nullptr; ///< the one whose turn it is
    bool stopped_ = false;
    std::condition_variable_any began_;
    bool resting_ = false;                      ///< the clock, until the next call
    std::atomic<bool> to_be_looked_at_ = false; ///< which needs no guard
    std::list<Seat> seats_;
    std::jthread clock_;
};

} // namespace dmaheap::cuse
