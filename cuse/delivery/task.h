// SPDX-License-Identifier: MIT
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace dmaheap::delivery {

/// A part of a delivery: starts when it is awaited, and goes on with the one that awaits it when it
/// is done. Owns its coroutine.
template <class T>
class Task {
public:
    struct promise_type {
        std::optional<T> value;
        std::coroutine_handle<> awaiting;

        struct Finish {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> done) noexcept
            {
                return done.promise().awaiting;
            }
            void await_resume() noexcept {}
        };

        Task get_return_object()
        {
            return Task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        Finish final_suspend() noexcept { return {}; }
        void return_value(T returned) { value = std::move(returned); }
        [[noreturn]] void unhandled_exception() { std::terminate(); }
    };

    Task(Task &&other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    Task(const Task &) = delete;
    Task &operator=(const Task &) = delete;
    Task &operator=(Task &&) = delete;
    ~Task()
    {
        if (coroutine_)
            coroutine_.destroy();
    }

    bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting)
    {
        coroutine_.promise().awaiting = awaiting;
        return coroutine_;
    }
    T await_resume() { return *std::move(coroutine_.promise().value); }

private:
    explicit Task(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

} // namespace dmaheap::delivery
