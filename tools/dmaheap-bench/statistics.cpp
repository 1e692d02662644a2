// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dmaheap::bench {

double percentile(std::span<const double> sorted, double fraction)
{
    const double position = fraction * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);

    return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

std::optional<Summary> summarise(std::vector<double> samples)
{
    if (samples.empty())
        return std::nullopt;

    std::ranges::sort(samples);
    return Summary{ .rounds = samples.size(),
                    .median = percentile(samples, 0.5),
                    .p90 = percentile(samples, 0.9),
                    .p99 = percentile(samples, 0.99) };
}

double mean(std::span<const double> samples)
{
    return std::accumulate(samples.begin(), samples.end(), 0.0) /
           static_cast<double>(samples.size());
}

} // namespace dmaheap::bench
