// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include <sys/types.h>

#include "core/result.h"

namespace dmaheap::delivery {

/// What /proc/TID/stat tells of a thread that a delivery wants to know.
struct ThreadStat {
    std::uint64_t ignored_signals = 0; ///< bit N - 1 is signal N; 1 to 31 only
    int cpu = -1;                      ///< on which it ran last
    std::uint64_t born = 0;            ///< in clock ticks after boot; 0: not known

    [[nodiscard]] bool ignores(int signal) const
    {
        return (ignored_signals >> (signal - 1) & 1U) != 0;
    }
};

Result<ThreadStat> parse_thread_stat(std::string_view text);
Result<ThreadStat> thread_stat(pid_t thread);

/// Whether a SIGKILL has reached the thread that it has not died of yet.
bool is_killed(pid_t thread);

/// Id of the process of a thread, from /proc/TID/status.
Result<pid_t> process_of(pid_t thread);

} // namespace dmaheap::delivery
