// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "core/result.h"
#include "cuse/delivery/caller.h"

namespace dmaheap::daemon {

/// Logs what clients are refused: at most one line for each refusal, and at most kBurst lines in
/// kPeriod; then one that counts what was left out. A client can provoke any number of them.
/// Thread-safe.
class RefusalLog {
public:
    static constexpr std::uint64_t kBurst = 10;
    static constexpr std::chrono::seconds kPeriod{ 5 };

    void add(std::string_view device, const delivery::Caller &caller, const Error &error,
             std::string_view asked = {});

private:
    bool admit();

    std::mutex mutex_;
    std::chrono::steady_clock::time_point period_start_;
    std::uint64_t in_period_ = 0;
};

} // namespace dmaheap::daemon
