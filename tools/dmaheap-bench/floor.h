// SPDX-License-Identifier: MIT
#pragma once

#include "tools/dmaheap-bench/descriptor.h"
#include "tools/dmaheap-bench/memory.h"
#include "tools/dmaheap-bench/pace.h"
#include "tools/dmaheap-bench/result.h"
#include "tools/dmaheap-bench/statistics.h"

namespace dmaheap::bench {

/// A command that the node refuses at once: one round trip to whoever serves it.
/// An error if the node does anything else than to refuse it with EINVAL or ENOTTY.
Result<void> refused_ioctl(const Descriptor &node);

/// The same again and again.
Result<Summary> measure_bare_ioctl(const Descriptor &node, Limit limit);

enum class Placement { one_cpu, two_cpus };

/// A single step over a system call in another process, with its register writes and reads and its
/// wait, tracer and tracee pinned. ENODEV where there is only one CPU and two are asked for.
Result<Summary> measure_single_step(Placement placement, Limit limit);

} // namespace dmaheap::bench
