// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/by_turns.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <sched.h>

#include "tools/dmaheap-bench/affinity.h"
#include "tools/dmaheap-bench/allocate.h"
#include "tools/dmaheap-bench/floor.h"
#include "tools/dmaheap-bench/stepper.h"

namespace dmaheap::bench {
namespace {

constexpr std::uint64_t kSmallest = 4096;
constexpr std::size_t kStretch = 100; // rounds

struct Times {
    std::vector<double> allocation_us, ioctl_us, step_us;
};

template <class Work>
Result<void> run_stretch(std::vector<double> &us, std::size_t rounds, Work work)
{
    Result<void> done;
    for (std::size_t round = 0; round < rounds && done; ++round)
        us.push_back(microseconds_of([&] { done = work(); }));
    return done;
}

Result<void> allocate_and_close(const Descriptor &node)
{
    const Result<Descriptor> buffer = allocate(node, kSmallest);
    return buffer ? Result<void>() : std::unexpected(buffer.error());
}

Result<void> run_steps(std::vector<double> &us, std::size_t rounds, Stepper &stepper, int cpu)
{
    const Result<PinnedHere> pinned = PinnedHere::on(cpu);
    if (!pinned)
        return std::unexpected(pinned.error());
    if (const auto moved = stepper.move_to(cpu); !moved)
        return moved;

    return run_stretch(us, rounds, [&] { return stepper.step(); });
}

Result<void> take_turn(const Descriptor &node, Stepper &stepper, std::size_t rounds, Times &times)
{
    const auto allocated =
        run_stretch(times.allocation_us, rounds, [&] { return allocate_and_close(node); });
    if (!allocated)
        return allocated;

    const int cpu = ::sched_getcpu();
    const auto asked = run_stretch(times.ioctl_us, rounds, [&] { return refused_ioctl(node); });
    if (!asked)
        return asked;

    return run_steps(times.step_us, rounds, stepper, cpu);
}

double median(std::vector<double> us)
{
    return summarise(std::move(us)).value().median; // a turn has at least one round
}

} // namespace

Result<AgainstFloor> compare_with_floor(const Descriptor &node, unsigned steps, Limit limit)
{
    Result<Stepper> stepper = Stepper::start(::sched_getcpu());
    if (!stepper)
        return std::unexpected(stepper.error());

    const std::size_t rounds = std::min(limit.rounds, kStretch);
    Times warm_up;
    if (const auto warm = take_turn(node, *stepper, rounds, warm_up); !warm)
        return std::unexpected(warm.error());

    Times times;
    for (Pace pace({ .rounds = limit.rounds / rounds, .time = 3 * limit.time }); pace.more();)
        if (const auto turn = take_turn(node, *stepper, rounds, times); !turn)
            return std::unexpected(turn.error());

    const double allocation_mean = mean(times.allocation_us);
    return AgainstFloor{ .allocation_us = median(std::move(times.allocation_us)),
                         .allocation_mean_us = allocation_mean,
                         .ioctl_us = median(std::move(times.ioctl_us)),
                         .step_us = median(std::move(times.step_us)),
                         .steps = steps };
}

} // namespace dmaheap::bench
