// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/memory.h"
#include "core/place.h"

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

    /// Takes out of what it keeps in stock all memory of which a part is there, because somebody
    /// before us has given it away. It comes back as what it has handed out does.
    virtual std::vector<Memory> withdraw(const Place & /*place*/) { return {}; }

    /// For people: which memory it is, in a few words.
    [[nodiscard]] virtual std::string describe() const { return {}; }
};

} // namespace dmaheap
