// SPDX-License-Identifier: MIT
#include "core/inheritance.h"

#include <algorithm>
#include <utility>

namespace dmaheap {

Result<Inheritance> Inheritance::of(Estate estate)
{
    auto watched = WatchedFiles::adopt(std::move(estate.watched));
    if (!watched)
        return std::unexpected(watched.error());
    auto state = LiveState::adopt(std::move(estate.state));
    if (!state)
        return std::unexpected(state.error());
    const auto remaining = watched->remaining();
    if (!remaining)
        return std::unexpected(remaining.error());

    std::uint64_t last = remaining->empty() ? 0 : remaining->back();
    std::vector<LiveState::Row> live;
    for (LiveState::Row &row : state->rows()) {
        last = std::max(last, row.number);
        if (std::ranges::binary_search(*remaining, row.number))
            live.push_back(std::move(row));
        else
            state->remove(row.number);
    }
    return Inheritance{ .watched = *std::move(watched),
                        .state = *std::move(state),
                        .live = std::move(live),
                        .last_number = last };
}

} // namespace dmaheap
