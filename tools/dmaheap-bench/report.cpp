// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/report.h"

namespace dmaheap::bench {
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
