// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace dmaheap::run {

/// This machine lacks something. The text names it, and says how to see it and what to do.
class Unavailable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

} // namespace dmaheap::run
