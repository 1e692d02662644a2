// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>

#include "core/result.h"

namespace dmaheap {

/// What is to happen to one allocation.
struct Fault {
    int code = 0;                         ///< errno that it fails with; 0: it does not
    std::chrono::milliseconds delay{ 0 }; ///< before it, whether it fails or not

    [[nodiscard]] Status outcome() const;
};

/// Failures that somebody has asked for, to see how programs take them. Thread-safe.
class Faults {
public:
    /// What happens to the next allocations.
    struct Plan {
        int code = 0;            ///< errno of those that fail; 0: none does
        std::uint64_t count = 0; ///< how many allocations it is for; 0: all, until another plan
        double probability = 1;  ///< of each to fail, 0 to 1
        std::chrono::milliseconds delay{ 0 }; ///< before each, whether it fails or not

        friend bool operator==(const Plan &, const Plan &) = default;
    };

    /// Replaces what was asked for before; a Plan{} asks for nothing. What has been drawn stays.
    void set(const Plan &plan);
    [[nodiscard]] Plan plan() const;
    /// How many have been drawn to fail, ever.
    [[nodiscard]] std::uint64_t failed() const;

    /// To be called once for each allocation: takes one off the plan. Never waits; whoever calls it
    /// sees to it that the allocation does.
    Fault draw();

private:
    mutable std::mutex mutex_;
    Plan plan_;
    std::uint64_t failed_ = 0;
    std::minstd_rand random_;
};

} // namespace dmaheap
