// SPDX-License-Identifier: MIT
#include "cuse/drawn_faults.h"

#include <algorithm>

namespace dmaheap::cuse {

Result<bool> DrawnFaults::may_try(Heap &heap, Bytes length)
{
    Fault &fault = of(heap, length);
    delay_ = std::exchange(fault.delay, std::chrono::milliseconds(0));
    if (delay_.count() > 0)
        return false;
    if (auto outcome = fault.outcome(); !outcome)
        return std::unexpected(outcome.error());

    return true;
}

Fault &DrawnFaults::of(Heap &heap, Bytes length)
{
    const auto found = std::ranges::find(drawn_, &heap, &std::pair<const Heap *, Fault>::first);
    if (found != drawn_.end())
        return found->second;

    return drawn_.emplace_back(&heap, heap.draw_fault(length)).second;
}

} // namespace dmaheap::cuse
