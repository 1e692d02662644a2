// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/memory.h"

namespace dmaheap {

/// Where the memory of a heap comes from. One mechanism, one policy.
///
/// The heap has validated, rounded and accounted before it asks; a policy only obtains memory.
/// Called from several threads at once.
class Policy {
public:
    Policy() = default;
    Policy(const Policy &) = delete;
    Policy &operator=(const Policy &) = delete;
    virtual ~Policy() = default;

    /// `size` bytes that read as zeroes; whole pages, never 0. ENOMEM when there are none.
    virtual Result<Memory> obtain(Bytes size) = 0;

    /// For people: which memory it is, in a few words.
    [[nodiscard]] virtual std::string describe() const { return {}; }
};

} // namespace dmaheap
