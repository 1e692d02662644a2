// SPDX-License-Identifier: MIT
#include "core/faults.h"

namespace dmaheap {

Status Fault::outcome() const
{
    if (code != 0)
        return failure(code, "fault that was asked for (dmaheapctl faults)");

    return {};
}

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

Fault Faults::draw()
{
    const std::scoped_lock lock(mutex_);
    Fault drawn{ .code = plan_.code, .delay = plan_.delay };
    if (drawn.code != 0 && plan_.probability < 1 &&
        !std::bernoulli_distribution(plan_.probability)(random_))
        drawn.code = 0;
    if (drawn.code != 0)
        ++failed_;

    if (plan_.count == 1)
        plan_ = Plan{};
    else if (plan_.count > 1)
        --plan_.count;
    return drawn;
}

} // namespace dmaheap
