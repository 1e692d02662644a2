// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/heap.h"
#include "cuse/delivery/caller.h"
#include "cuse/heap_access.h"

namespace dmaheap::cuse {

/// A heap as ION knows it.
struct IonHeap {
    unsigned id;        ///< 0 to 31, its bit in a mask
    std::uint32_t type; ///< of enum ion_heap_type
    std::string name;   ///< what HEAP_QUERY tells
    Heap *heap;         ///< outlives the device
};

/// The heaps of one ION node, and who may use which of them through it: who could open the heap's
/// own node. Thread-safe.
class IonHeaps {
public:
    IonHeaps(std::vector<IonHeap> heaps, HeapAccess access);

    /// By descending id, the order in which ION tries and tells them.
    [[nodiscard]] const std::vector<IonHeap> &all() const { return heaps_; }

    /// How it went, and of what did not go well the mask and which heaps in it were refused.
    struct Tried {
        Status done;
        std::string asked;
    };

    /// Tries the heaps of the mask that the caller may use, until one succeeds, as ion_alloc().
    /// ENODEV when there is none in the mask, EACCES when the caller may use none of those that are
    /// in it, else the error of the last one.
    [[nodiscard]] Tried first_of(std::uint32_t mask, const delivery::Caller &caller,
                                 const std::function<Status(Heap &)> &attempt) const;

private:
    [[nodiscard]] std::vector<const IonHeap *> in(std::uint32_t mask) const;

    std::vector<IonHeap> heaps_;
    HeapAccess access_;
};

} // namespace dmaheap::cuse
