// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include <sys/types.h>

#include "core/result.h"
#include "core/unique_fd.h"

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

/// Reads the stat of one thread after the other, and keeps the file of the last one open: that
/// takes half the time when the same thread comes again. A file of /proc belongs to one thread;
/// when that has ended it cannot be read, whoever has the number then. For one thread of ours.
class ThreadStats {
public:
    /// Opens our own, so that the number of descriptors does not depend on who has asked.
    ThreadStats();

    /// ENOENT or ESRCH for a thread that is gone, EINVAL for what is no such file.
    Result<ThreadStat> of(pid_t thread);

private:
    Status open(pid_t thread);
    [[nodiscard]] Result<ThreadStat> read() const;

    pid_t thread_ = 0;
    UniqueFd file_;
};

/// Whether a SIGKILL has reached the thread that it has not died of yet.
bool is_killed(pid_t thread);

/// Id of the process of a thread, from /proc/TID/status.
Result<pid_t> process_of(pid_t thread);

} // namespace dmaheap::delivery
