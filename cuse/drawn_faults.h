// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "core/heap.h"

namespace dmaheap::cuse {

/// The faults of one request, which is begun anew after each delay: drawn once of each heap that it
/// comes to.
class DrawnFaults {
public:
    /// Whether it may be tried at the heap now. False: only after delay(), from the beginning. An
    /// error: it fails there because somebody wants it to.
    Result<bool> may_try(Heap &heap, Bytes length);

    [[nodiscard]] std::chrono::milliseconds delay() const { return delay_; }

private:
    Fault &of(Heap &heap, Bytes length);

    std::vector<std::pair<const Heap *, Fault>> drawn_;
    std::chrono::milliseconds delay_{ 0 };
};

} // namespace dmaheap::cuse
