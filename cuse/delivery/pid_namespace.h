// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include <sys/types.h>

namespace dmaheap::delivery {

/// The daemon's own pid namespace, and the thread that was last seen to be in it: a look takes 5
/// us, and a thread stays for life in the namespace that it was born in. Thread-safe.
class PidNamespace {
public:
    /// Whether the daemon's process id means the same to a thread; false when that cannot be seen.
    /// `born`: ThreadStat::born, because numbers are used again.
    bool has(pid_t thread, std::uint64_t born);

private:
    std::atomic<std::uint64_t> seen_{ 0 };
};

} // namespace dmaheap::delivery
