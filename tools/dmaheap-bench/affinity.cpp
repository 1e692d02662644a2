// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/affinity.h"

#include <utility>

namespace dmaheap::bench {
namespace {

constexpr pid_t kHere = 0;

Result<cpu_set_t> own_cpus()
{
    cpu_set_t cpus;
    const auto got = check("sched_getaffinity", ::sched_getaffinity(kHere, sizeof cpus, &cpus));
    if (!got)
        return std::unexpected(got.error());

    return cpus;
}

} // namespace

Result<std::vector<int>> allowed_cpus()
{
    const Result<cpu_set_t> cpus = own_cpus();
    if (!cpus)
        return std::unexpected(cpus.error());

    std::vector<int> numbers;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &*cpus))
            numbers.push_back(cpu);

    return numbers;
}

Result<void> pin(pid_t tid, int cpu)
{
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    const auto set = check("sched_setaffinity", ::sched_setaffinity(tid, sizeof only, &only));
    if (!set)
        return std::unexpected(set.error());

    return {};
}

Result<PinnedHere> PinnedHere::on(int cpu)
{
    const Result<cpu_set_t> before = own_cpus();
    if (!before)
        return std::unexpected(before.error());

    if (const auto pinned = pin(kHere, cpu); !pinned)
        return std::unexpected(pinned.error());

    return PinnedHere(*before);
}

PinnedHere::PinnedHere(PinnedHere &&other) noexcept
    : before_(other.before_), active_(std::exchange(other.active_, false))
{
}

PinnedHere::~PinnedHere()
{
    if (active_)
        ::sched_setaffinity(kHere, sizeof before_, &before_);
}

} // namespace dmaheap::bench
