// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace dmaheap::bench {

/// What is told of a series of measurements, in their unit.
struct Summary {
    std::size_t rounds;
    double median;
    double p90;
    double p99;
};

/// The value that `fraction` (0 to 1) of the samples do not exceed, interpolated between
/// neighbours. The samples are sorted, ascending, and not empty.
double percentile(std::span<const double> sorted, double fraction);

/// Nothing for an empty series.
std::optional<Summary> summarise(std::vector<double> samples);

/// The samples are not empty.
double mean(std::span<const double> samples);

/// An allocation compared with the least that its way to the server and back can cost.
struct AgainstFloor {
    double allocation_us;
    double allocation_mean_us; ///< what a server does now and then shows here only
    double ioctl_us;
    double step_us;
    unsigned steps;

    double floor_us() const { return ioctl_us + steps * step_us; }
    double ratio() const { return allocation_us / floor_us(); }
};

} // namespace dmaheap::bench
