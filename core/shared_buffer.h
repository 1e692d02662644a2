// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/result.h"
#include "core/unique_fd.h"

namespace dmaheap {

/// A hold on a buffer over which any number of dma-bufs can be made. Its memory and its charge are
/// kept until the last hold and the last of the dma-bufs have ended. Must not outlive the exporter.
/// Thread-safe.
class SharedBuffer {
public:
    SharedBuffer() = default;
    SharedBuffer(const SharedBuffer &) = delete;
    SharedBuffer &operator=(const SharedBuffer &) = delete;
    virtual ~SharedBuffer() = default;

    /// The same for all holds on one buffer, and for no other one.
    [[nodiscard]] virtual std::uint64_t id() const = 0;

    /// A descriptor of a new dma-buf, O_RDWR. ENOMEM when there are too many.
    virtual Result<UniqueFd> export_again() = 0;
};

} // namespace dmaheap
