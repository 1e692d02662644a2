// SPDX-License-Identifier: MIT
#include "core/faults.h"

#include <thread>

namespace dmaheap {

void Faults::set(const Plan &plan)
{
    const std::scoped_lock lock(mutex_);
    plan_ = plan;
}

Faults::Plan Faults::plan() const
{
    const std::scoped_lock lock(mutex_);
    return plan_;
}

std::uint64_t Faults::failed() const
{
    const std::scoped_lock lock(mutex_);
    return failed_;
}

Status Faults::next()
{
    const Plan drawn = draw();
    if (drawn.delay.count() > 0)
        std::this_thread::sleep_for(drawn.delay);
    if (drawn.code != 0)
        return failure(drawn.code, "fault that was asked for (dmaheapctl faults)");

    return {};
}

Faults::Plan Faults::draw()
{
    const std::scoped_lock lock(mutex_);
    Plan drawn = plan_;
    if (plan_.count == 1)
        plan_ = Plan{};
    else if (plan_.count > 1)
        --plan_.count;

    if (drawn.code != 0 && drawn.probability < 1 &&
        !std::bernoulli_distribution(drawn.probability)(random_))
        drawn.code = 0;
    if (drawn.code != 0)
        ++failed_;
    return drawn;
}

} // namespace dmaheap
