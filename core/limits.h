// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "core/size.h"

namespace dmaheap {

/// How much of one heap, or of all of them together, may be live at once. What is not given is not
/// limited.
struct Limits {
    std::optional<Bytes> total;
    std::optional<Bytes> per_user;    ///< of the buffers that one uid has asked for
    std::optional<Bytes> per_process; ///< of those that one process has asked for
    std::optional<Bytes> buffer;      ///< the size of each

    friend bool operator==(const Limits &, const Limits &) = default;
};

} // namespace dmaheap
