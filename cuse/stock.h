// SPDX-License-Identifier: MIT
#pragma once

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

/// A few things kept ready that take time to make. A thread of its own makes them; it sleeps until
/// half of them have been taken, so that most takers wake nobody. Thread-safe.
template <class Thing>
class Stock {
public:
    using Make = std::function<Result<Thing>()>;

    /// `make` is called on the stock's own thread. When it fails, it is not called again before
    /// something is asked for.
    Stock(std::size_t size, Make make)
        : size_(size), make_(std::move(make)),
          thread_([this](const std::stop_token &stop) { fill(stop); })
    {
    }
    Stock(const Stock &) = delete;
    Stock &operator=(const Stock &) = delete;
    ~Stock() = default;

    /// Nothing when none is ready.
    std::optional<Thing> take()
    {
        std::unique_lock lock(mutex_);
        std::optional<Thing> thing;
        if (!ready_.empty()) {
            thing = std::move(ready_.back());
            ready_.pop_back();
        }
        const bool low = ready_.size() <= size_ / 2;
        const bool wakes = low && !std::exchange(filling_, true);
        lock.unlock();
        if (wakes)
            wanted_.notify_one();
        return thing;
    }

private:
    void fill(const std::stop_token &stop)
    {
        std::unique_lock lock(mutex_);
        while (wanted_.wait(lock, stop, [this] { return filling_; })) {
            lock.unlock();
            auto thing = make_();
            lock.lock();
            if (thing)
                ready_.push_back(*std::move(thing));
            filling_ = thing && ready_.size() < size_;
        }
    }

    std::size_t size_;
    Make make_;
    std::mutex mutex_;
    std::condition_variable_any wanted_;
    bool filling_ = true;
    std::vector<Thing> ready_;
    std::jthread thread_; ///< ends before what it uses
};

} // namespace dmaheap::cuse
