// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "core/result.h"

namespace dmaheap::cuse {

/// A few things kept ready that take time to make. A thread of its own makes them: when half of
/// them have been taken, or a pause after the first, so that most takers do not wake it. It sleeps
/// while the stock is full. Thread-safe.
template <class Thing>
class Stock {
public:
    using Make = std::function<Result<Thing>()>;

    /// `make` is called on the stock's own thread. When it fails, it is not called again before
    /// something is asked for.
    Stock(std::size_t size, std::chrono::milliseconds pause, Make make)
        : size_(size), pause_(pause), make_(std::move(make)),
          thread_([this](const std::stop_token &stop) { keep_full(stop); })
    {
    }
    Stock(const Stock &) = delete;
    Stock &operator=(const Stock &) = delete;
    ~Stock() = default;

    /// Nothing when none is ready.
    std::optional<Thing> take()
    {
        std::unique_lock lock(mutex_);
        const bool first = !std::exchange(wanted_, true);
        std::optional<Thing> thing;
        if (!ready_.empty()) {
            thing = std::move(ready_.back());
            ready_.pop_back();
        }
        const bool wakes = first || is_low();
        lock.unlock();
        if (wakes)
            taken_.notify_one();
        return thing;
    }

private:
    [[nodiscard]] bool is_low() const { return ready_.size() <= size_ / 2; }

    void keep_full(const std::stop_token &stop)
    {
        std::unique_lock lock(mutex_);
        fill(lock, stop);
        while (taken_.wait(lock, stop, [this] { return wanted_; })) {
            taken_.wait_for(lock, stop, pause_, [this] { return is_low(); });
            fill(lock, stop);
        }
    }

    void fill(std::unique_lock<std::mutex> &lock, const std::stop_token &stop)
    {
        for (bool going_on = true; going_on && !stop.stop_requested();) {
            lock.unlock();
            auto thing = make_();
            lock.lock();
            if (thing)
                ready_.push_back(*std::move(thing));
            going_on = thing && ready_.size() < size_;
        }
        wanted_ = false;
    }

    std::size_t size_;
    std::chrono::milliseconds pause_;
    Make make_;
    std::mutex mutex_;
    std::condition_variable_any taken_;
    bool wanted_ = false; ///< since it was full
    std::vector<Thing> ready_;
    std::jthread thread_; ///< ends before what it uses
};

} // namespace dmaheap::cuse
