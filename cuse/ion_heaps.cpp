// SPDX-License-Identifier: MIT
#include "cuse/ion_heaps.h"

#include <algorithm>
#include <utility>

namespace dmaheap::cuse {

IonHeaps::IonHeaps(std::vector<IonHeap> heaps, HeapAccess access)
    : heaps_(std::move(heaps)), access_(std::move(access))
{
    std::ranges::sort(heaps_, std::ranges::greater{}, &IonHeap::id);
}

Status IonHeaps::first_of(std::uint32_t mask, const delivery::Caller &caller,
                          const std::function<Status(Heap &)> &attempt) const
{
    const auto in_mask = [mask](const IonHeap &heap) { return (mask >> heap.id & 1U) != 0; };
    if (std::ranges::none_of(heaps_, in_mask))
        return failure(ENODEV, "heap_id_mask");

    const auto who = credentials_of(caller.thread);
    if (!who)
        return std::unexpected(who.error());

    Status done = failure(EACCES, "permissions of the heaps' own nodes");
    for (const IonHeap &heap : heaps_) {
        if (!in_mask(heap) || !access_(*who, heap.heap->name()))
            continue;

        done = attempt(*heap.heap);
        if (done)
            break;
    }
    return done;
}

} // namespace dmaheap::cuse
