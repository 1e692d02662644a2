// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <sched.h>

#include <sys/types.h>

#include "tools/dmaheap-bench/result.h"

namespace dmaheap::bench {

/// The CPUs that this thread may run on, ascending.
Result<std::vector<int>> allowed_cpus();

/// Keeps thread `tid` on one CPU from now on.
Result<void> pin(pid_t tid, int cpu);

/// Keeps the calling thread on one CPU, and gives it back its own ones at the end.
class PinnedHere {
public:
    static Result<PinnedHere> on(int cpu);

    PinnedHere(PinnedHere &&other) noexcept;
    PinnedHere &operator=(PinnedHere &&) = delete;
    ~PinnedHere();

private:
    explicit PinnedHere(const cpu_set_t &before) : before_(before), active_(true) {}

    cpu_set_t before_;
    bool active_;
};

} // namespace dmaheap::bench
