// SPDX-License-Identifier: MIT
#include "cuse/ion_heaps.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace dmaheap::cuse {

namespace {

std::string shown(std::uint32_t mask)
{
    std::ostringstream text;
    text << "heap_id_mask 0x" << std::hex << mask;
    return text.str();
}

std::string none_in(std::uint32_t mask, const std::vector<IonHeap> &heaps)
{
    std::string text = shown(mask) + "; ids here:";
    for (const IonHeap &heap : heaps)
        text += ' ' + std::to_string(heap.id);
    return text;
}

std::string refused_in(std::uint32_t mask, const std::vector<const IonHeap *> &heaps)
{
    std::string text = shown(mask);
    for (const IonHeap *const heap : heaps)
        text += (heap == heaps.front() ? "; not permitted: " : ", ") + std::to_string(heap->id) +
                " (" + heap->heap->name() + ")";
    return text;
}

} // namespace

IonHeaps::IonHeaps(std::vector<IonHeap> heaps, HeapAccess access)
    : heaps_(std::move(heaps)), access_(std::move(access))
{
    std::ranges::sort(heaps_, std::ranges::greater{}, &IonHeap::id);
}

std::vector<const IonHeap *> IonHeaps::in(std::uint32_t mask) const
{
    std::vector<const IonHeap *> heaps;
    for (const IonHeap &heap : heaps_)
        if ((mask >> heap.id & 1U) != 0)
            heaps.push_back(&heap);
    return heaps;
}

IonHeaps::Tried IonHeaps::first_of(std::uint32_t mask, const delivery::Caller &caller,
                                   const std::function<Status(Heap &)> &attempt) const
{
    const auto asked_for = in(mask);
    if (asked_for.empty())
        return { failure(ENODEV, "heaps of the node"), none_in(mask, heaps_) };

    const auto who = credentials_of(caller.thread);
    if (!who)
        return { std::unexpected(who.error()), shown(mask) };

    Status done = failure(EACCES, "permissions of the heaps' own nodes");
    std::vector<const IonHeap *> refused;
    for (const IonHeap *const heap : asked_for) {
        if (!access_(*who, heap->heap->name())) {
            refused.push_back(heap);
            continue;
        }
        done = attempt(*heap->heap);
        if (done)
            return { {}, {} };
    }
    return { done, refused_in(mask, refused) };
}

} // namespace dmaheap::cuse
