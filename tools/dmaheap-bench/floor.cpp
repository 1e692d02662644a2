// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/floor.h"

#include <utility>
#include <vector>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>

#include "tools/dmaheap-bench/affinity.h"
#include "tools/dmaheap-bench/stepper.h"

namespace dmaheap::bench {
namespace {

/// The size and direction of an allocation, but a number that no heap knows.
constexpr unsigned long kUnknownCommand =
    _IOWR(DMA_HEAP_IOC_MAGIC, 1, struct dma_heap_allocation_data);

/// The times of `work` until the limit, without those of the warm-up.
template <class Work>
Result<Summary> measure(Limit limit, Work work)
{
    for (Pace pace(limit.warm_up()); pace.more();)
        if (const auto done = work(); !done)
            return std::unexpected(done.error());

    std::vector<double> us;
    Result<void> done;
    for (Pace pace(limit); pace.more();) {
        us.push_back(microseconds_of([&] { done = work(); }));
        if (!done)
            return std::unexpected(done.error());
    }

    return summarise(std::move(us)).value(); // a limit has at least one round
}

struct Cpus {
    int tracer, tracee;
};

/// The first and the last one: the least likely to be two threads of one core.
Result<Cpus> cpus_for(Placement placement)
{
    const auto allowed = allowed_cpus();
    if (!allowed)
        return std::unexpected(allowed.error());
    if (placement == Placement::one_cpu)
        return Cpus{ allowed->front(), allowed->front() };
    if (allowed->size() < 2)
        return std::unexpected(Error{ ENODEV, "a second CPU" });

    return Cpus{ allowed->front(), allowed->back() };
}

} // namespace

Result<void> refused_ioctl(const Descriptor &node)
{
    dma_heap_allocation_data nothing{};
    if (::ioctl(node.get(), kUnknownCommand, &nothing) == 0)
        return std::unexpected(Error{ EPROTO, "unknown command accepted" });
    if (errno != EINVAL && errno != ENOTTY)
        return std::unexpected(Error{ errno, "unknown command" });

    return {};
}

Result<Summary> measure_bare_ioctl(const Descriptor &node, Limit limit)
{
    return measure(limit, [&] { return refused_ioctl(node); });
}

Result<Summary> measure_single_step(Placement placement, Limit limit)
{
    const Result<Cpus> cpus = cpus_for(placement);
    if (!cpus)
        return std::unexpected(cpus.error());
    const Result<PinnedHere> pinned = PinnedHere::on(cpus->tracer);
    if (!pinned)
        return std::unexpected(pinned.error());
    Result<Stepper> stepper = Stepper::start(cpus->tracee);
    if (!stepper)
        return std::unexpected(stepper.error());

    return measure(limit, [&] { return stepper->step(); });
}

} // namespace dmaheap::bench
