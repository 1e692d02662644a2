// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/live_state.h"
#include "core/memory.h"
#include "core/place.h"

namespace dmaheap {

/// The memory of buffers that another daemon has given away: it is taken out of whatever is idle
/// here, so that nobody gets it before its user has let go of it.
class Claims {
public:
    /// Takes out all idle memory of which a part is there: what a pool keeps, as a whole.
    using Withdraw = std::function<std::vector<Memory>(const Place &place)>;

    explicit Claims(Withdraw withdraw) : withdraw_(std::move(withdraw)) {}

    /// Pages that the kernel frees, where no memory of ours is concerned. What several buffers have
    /// parts of comes back with the last of them.
    Memory memory_of(const LiveState::Row &buffer);

private:
    struct Held {
        Place place;
        std::shared_ptr<Memory> memory;
    };

    Withdraw withdraw_;
    std::vector<Held> held_;
};

} // namespace dmaheap
