// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <vector>

#include "tools/dmaheap-bench/pace.h"

namespace dmaheap::bench {

/// What can be measured, in the order in which it is.
enum class Part { floor, sizes, threads, memory };

struct Options {
    std::string node;
    std::set<Part> parts;
    std::vector<std::uint64_t> sizes;
    std::vector<unsigned> threads;
    unsigned steps; ///< single steps that an allocation is taken to need
    std::uint64_t memory_bytes;
    Limit latency; ///< of each figure of an ioctl or a step
    Limit memory;  ///< of each series of writes
    bool json;
};

/// The options, or the exit status when there is nothing to measure: 0 after --help,
/// 2 after a line on stderr about what is wrong.
std::expected<Options, int> parse_options(int argc, char **argv);

} // namespace dmaheap::bench
