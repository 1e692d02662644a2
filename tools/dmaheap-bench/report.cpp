// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/report.h"

#include <cstdint>

namespace dmaheap::bench {
namespace {

constexpr std::uint64_t kSmallest = 4096;

bool is_smallest_alone(const Result<Latency> &latency)
{
    return latency && latency->bytes == kSmallest && latency->threads == 1 && latency->both_us;
}

const Latency *find_smallest_alone(const Report &report)
{
    for (const auto *part : { &report.sizes, &report.threads })
        for (const Result<Latency> &latency : *part)
            if (is_smallest_alone(latency))
                return &*latency;

    return nullptr;
}

} // namespace

std::optional<AgainstFloor> against_floor(const Report &report)
{
    const Latency *smallest = find_smallest_alone(report);
    if (!smallest || !report.floor)
        return std::nullopt;
    const Floor &floor = *report.floor;
    if (!floor.ioctl_us || !floor.step_one_cpu_us)
        return std::nullopt;

    return AgainstFloor{ .allocation_us = smallest->both_us->median,
                         .ioctl_us = floor.ioctl_us->median,
                         .step_us = floor.step_one_cpu_us->median,
                         .steps = report.options.steps };
}

std::optional<Error> nothing_allocated(const Report &report)
{
    if (report.memory && *report.memory)
        return std::nullopt;

    std::optional<Error> why;
    if (report.memory)
        why = report.memory->error();
    for (const auto *part : { &report.threads, &report.sizes })
        for (const Result<Latency> &latency : *part) {
            if (latency && latency->both_us)
                return std::nullopt;
            why = latency ? Error{ latency->failed.begin()->first, "DMA_HEAP_IOCTL_ALLOC" }
                          : latency.error();
        }

    return why;
}

} // namespace dmaheap::bench
