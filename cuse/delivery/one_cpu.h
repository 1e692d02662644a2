// SPDX-License-Identifier: MIT
#pragma once

#include <sched.h>

#include "cuse/delivery/lane.h"
#include "cuse/delivery/tracee.h"

namespace dmaheap::delivery {

/// Keeps a stopped thread and its tracer on one CPU, where a step takes a fifth of the time. Left
/// to itself, the kernel wakes each of them on a CPU that is idle, which the other one's is not.
///
/// The thread comes to the tracer's CPU; if it may not run there, the tracer goes to the thread's.
/// The thread has its own CPUs back when this ends, which must be while it is stopped.
class OneCpu {
public:
    /// `cpu`: where the thread ran last; -1 when that is not known.
    OneCpu(Lane &lane, const Tracee &tracee, int cpu);
    OneCpu(const OneCpu &) = delete;
    OneCpu &operator=(const OneCpu &) = delete;
    ~OneCpu();

private:
    const Tracee &tracee_;
    cpu_set_t before_{};
    bool borrowed_ = false;
};

} // namespace dmaheap::delivery
