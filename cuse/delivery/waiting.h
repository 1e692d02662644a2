// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include "core/result.h"
#include "core/unique_fd.h"

namespace dmaheap::delivery {

struct Answer;

/// A client that waits in an ioctl, but not for FUSE or CUSE.
class Waiting {
public:
    Waiting() = default;
    Waiting(const Waiting &) = delete;
    Waiting &operator=(const Waiting &) = delete;
    virtual ~Waiting() = default;

    /// Lets it go on; with `error` 0 its struct becomes `out`. Called once, as the last thing.
    virtual void answer(int error, std::span<const std::byte> out) = 0;

    /// Gives it the buffer's descriptor and writes its struct. After an error it has neither.
    virtual Status hand_over(const Answer &answer, UniqueFd buffer) = 0;
};

} // namespace dmaheap::delivery
