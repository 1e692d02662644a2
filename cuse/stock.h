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

/// A few things kept ready that take time to make. A thread of its own makes the next one while the
/// taker goes on with the last; it sleeps when there are enough. Thread-safe.
template <class Thing>
class Stock {
public:
    using Make = std::function<Result<Thing>()>;

    /// `make` is called on the stock's own thread. When it fails, the stock is not filled up again
    /// before something is taken.
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
        failed_ = false;
        std::optional<Thing> thing;
        if (!ready_.empty()) {
            thing = std::move(ready_.back());
            ready_.pop_back();
        }
        lock.unlock();
        wanted_.notify_one();
        return thing;
    }

private:
    void fill(const std::stop_token &stop)
    {
        std::unique_lock lock(mutex_);
        while (wanted_.wait(lock, stop, [this] { return !failed_ && ready_.size() < size_; })) {
            lock.unlock();
            auto thing = make_();
            lock.lock();
            failed_ = !thing;
            if (thing)
                ready_.push_back(*std::move(thing));
        }
    }

    std::size_t size_;
    Make make_;
    std::mutex mutex_;
    std::condition_variable_any wanted_;
    bool failed_ = false;
    std::vector<Thing> ready_;
    std::jthread thread_; ///< ends before what it uses
};

} // namespace dmaheap::cuse
