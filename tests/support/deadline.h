// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

/// Waiting in tests: for an event, never for a time to pass, and never without an end.
namespace dmaheap::test {

/// How many times slower than an ordinary machine this one is: DMAHEAPD_TEST_SLOW, or 1.
int slowness();

/// How often to repeat something: `often` on an ordinary machine, less on a slow one.
int times(int often);

/// The moment at which a test gives up.
class Deadline {
public:
    /// `patience` on an ordinary machine; it is multiplied with slowness().
    explicit Deadline(std::chrono::milliseconds patience = std::chrono::seconds(10));

    [[nodiscard]] bool passed() const;
    /// Never negative.
    [[nodiscard]] std::chrono::nanoseconds left() const;

private:
    std::chrono::steady_clock::time_point at_;
};

/// Waits until `fd` can be read or is at its end; false when the deadline came first.
bool await_readable(int fd, const Deadline &deadline);

/// Asks `done` again and again, for conditions that nobody announces; false when it never was.
template <class Condition>
bool await(Condition done, const Deadline &deadline = Deadline{});

/// For tests that need a moment at random, or that nothing happens for a while.
void let_pass(std::chrono::nanoseconds time);

template <class Condition>
bool await(Condition done, const Deadline &deadline)
{
    while (!done()) {
        if (deadline.passed())
            return false;
        let_pass(std::chrono::milliseconds(5));
    }
    return true;
}

} // namespace dmaheap::test
