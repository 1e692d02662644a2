// SPDX-License-Identifier: MIT
#include "core/claims.h"

#include <utility>

namespace dmaheap {

Memory Claims::memory_of(const LiveState::Row &buffer)
{
    for (Memory &idle : withdraw_(buffer.place)) {
        Place place = place_of(idle);
        held_.push_back(
            { .place = std::move(place), .memory = std::make_shared<Memory>(std::move(idle)) });
    }
    std::vector<std::shared_ptr<Memory>> its;
    for (const Held &held : held_)
        if (overlap(held.place, buffer.place))
            its.push_back(held.memory);

    Memory memory = Memory::any_pages(buffer.size);
    if (!its.empty())
        memory.add_home([its = std::move(its)](const Memory & /*nothing*/) {
            // what it has ends with this function
        });
    return memory;
}

} // namespace dmaheap
