// SPDX-License-Identifier: MIT
#include "core/close_others.h"

#include <algorithm>
#include <climits>
#include <vector>

#include <unistd.h>

namespace dmaheap {

void close_others(std::initializer_list<int> kept, int first)
{
    std::vector<int> sorted(kept);
    std::ranges::sort(sorted);
    int from = first;
    for (const int fd : sorted) {
        if (fd > from)
            ::close_range(static_cast<unsigned>(from), static_cast<unsigned>(fd) - 1, 0);
        from = std::max(from, fd + 1);
    }
    ::close_range(static_cast<unsigned>(from), UINT_MAX, 0);
}

} // namespace dmaheap
