// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "tools/dmaheap-bench/descriptor.h"
#include "tools/dmaheap-bench/pace.h"
#include "tools/dmaheap-bench/result.h"
#include "tools/dmaheap-bench/statistics.h"

namespace dmaheap::bench {

/// How long a buffer of `bytes` takes to be allocated and closed again by each of `threads`.
struct Latency {
    std::uint64_t bytes;
    unsigned threads;
    std::optional<Summary> both_us; ///< allocate and close; nothing if none succeeded
    std::optional<Summary> allocate_us;
    std::optional<Summary> close_us;
    std::map<int, std::size_t> failed; ///< errno to how often
    double per_second;                 ///< allocations of all threads together
};

/// A buffer of the heap behind `node`, readable, writable and close-on-exec.
Result<Descriptor> allocate(const Descriptor &node, std::uint64_t bytes);

/// `limit.rounds` are shared out among the threads, whoever is faster does more of them.
/// An error only if the threads could not be started.
Result<Latency> measure_latency(const Descriptor &node, std::uint64_t bytes, unsigned threads,
                                Limit limit);

} // namespace dmaheap::bench
