// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>

#include "core/result.h"

namespace dmaheap {

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

    /// Replaces what was asked for before; a Plan{} asks for nothing.
    void set(const Plan &plan);
    [[nodiscard]] Plan plan() const;
    /// How many have failed because of it, ever.
    [[nodiscard]] std::uint64_t failed() const;

    /// Called for each allocation. Waits as long as the plan says, and keeps its thread from other
    /// clients meanwhile.
    Status next();

private:
    /// Takes one off the plan.
    Plan draw();

    mutable std::mutex mutex_;
    Plan plan_;
    std::uint64_t failed_ = 0;
    std::minstd_rand random_;
};

} // namespace dmaheap
