// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <coroutine>
#include <ctime>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <sched.h>

#include <sys/types.h>

#include "cuse/delivery/thread_stat.h"

namespace dmaheap::delivery {

/// A coroutine that nobody waits for: it runs at once. Owns it; one that is not done is undone when
/// it is destroyed.
class [[nodiscard]] Errand {
public:
    struct promise_type {
        Errand get_return_object()
        {
            return Errand(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        [[noreturn]] void unhandled_exception() { std::terminate(); }
    };

    Errand(Errand &&other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    Errand(const Errand &) = delete;
    Errand &operator=(const Errand &) = delete;
    Errand &operator=(Errand &&other) noexcept
    {
        std::swap(coroutine_, other.coroutine_);
        return *this;
    }
    ~Errand()
    {
        if (coroutine_)
            coroutine_.destroy();
    }

    [[nodiscard]] bool done() const { return coroutine_.done(); }

private:
    explicit Errand(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

/// Something that a client has yet to do before its delivery can go on.
class Awaited {
public:
    /// Looks whether it is done; if `patient`, waits until it is or a signal comes.
    virtual bool advance(bool patient) = 0;

protected:
    ~Awaited() = default;
};

/// One serving thread's deliveries: the one it works on, and those whose client keeps it waiting.
///
/// A client answers within microseconds, so the thread first waits for it in the kernel, but no
/// longer than the lane's patience. After that the delivery is parked as a suspended coroutine and
/// the thread serves others: a frozen client costs nobody else more than that patience, once.
/// Belongs to the thread that made it. Parked deliveries are dropped at its end; the kernel kills
/// their clients if they are in the middle of it (Tracee::die_with_us).
class Lane {
public:
    Lane();
    Lane(const Lane &) = delete;
    Lane &operator=(const Lane &) = delete;
    ~Lane();

    /// For the time that one stretch of work may wait in the kernel.
    class Stretch {
    public:
        explicit Stretch(Lane &lane);
        Stretch(const Stretch &) = delete;
        Stretch &operator=(const Stretch &) = delete;
        ~Stretch();

    private:
        Lane &lane_;
    };

    /// Keeps this thread on `cpu` (-1: wherever it is) until the end of the stretch.
    void move_to(int cpu);

    /// Of the threads that it delivers to.
    [[nodiscard]] ThreadStats &stats() { return stats_; }

    /// Whether the stretch has lasted long enough, with a client that does not answer.
    [[nodiscard]] bool out_of_patience() const;

    void park(Awaited &awaited, std::coroutine_handle<> delivery);

    /// Keeps a delivery until it is done, if it is not.
    void keep(Errand errand);

    /// Goes on with parked deliveries whose client is there. As Delivery::resume().
    std::optional<std::chrono::milliseconds> resume();

private:
    struct Parked {
        Awaited *awaited; ///< lives in the coroutine's frame
        std::coroutine_handle<> delivery;
    };

    timer_t timer_{};
    std::chrono::steady_clock::time_point begun_; ///< the stretch
    cpu_set_t home_{};
    bool away_ = false;
    ThreadStats stats_;
    std::vector<Errand> errands_;
    std::vector<Parked> parked_; ///< where in one of the errands
    std::chrono::milliseconds interval_{ 0 };
};

/// Suspends a delivery until `Awaited` has come to pass; what its outcome() returns is the result.
template <class What>
class Await : private What {
public:
    template <class... Arguments>
    explicit Await(Lane &lane, Arguments &&...arguments)
        : What(std::forward<Arguments>(arguments)...), lane_(lane)
    {
    }

    bool await_ready()
    {
        while (!What::advance(true))
            if (lane_.out_of_patience())
                return false;
        return true;
    }
    void await_suspend(std::coroutine_handle<> delivery) { lane_.park(*this, delivery); }
    auto await_resume() { return What::outcome(); }

private:
    Lane &lane_;
};

} // namespace dmaheap::delivery
