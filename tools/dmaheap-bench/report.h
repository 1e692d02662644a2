// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <ostream>
#include <vector>

#include "tools/dmaheap-bench/allocate.h"
#include "tools/dmaheap-bench/memory.h"
#include "tools/dmaheap-bench/options.h"
#include "tools/dmaheap-bench/result.h"
#include "tools/dmaheap-bench/statistics.h"

namespace dmaheap::bench {

struct Floor {
    Result<Summary> ioctl_us;
    Result<Summary> step_one_cpu_us;
    Result<Summary> step_two_cpus_us;
    Result<WriteTimes> memfd;
};

/// What has been measured so far; a part that was not asked for stays empty.
struct Report {
    Options options;
    std::optional<Floor> floor;
    std::vector<Result<Latency>> sizes;   ///< one for each of options.sizes
    std::vector<Result<Latency>> threads; ///< one for each of options.threads
    std::optional<Result<MemoryComparison>> memory;
    std::optional<Result<AgainstFloor>> against_floor;
};

/// Why not a single allocation succeeded, if none did although some were tried.
std::optional<Error> nothing_allocated(const Report &report);

/// As tables, for a person: the heading, each part once it is there, the end.
void print_heading(std::ostream &out, const Report &report);
void print_part(std::ostream &out, const Report &report, Part part);
void print_against_floor(std::ostream &out, const Report &report);

/// All at once, for a program; the keys are listed in main.cpp.
void print_json(std::ostream &out, const Report &report);

} // namespace dmaheap::bench
