// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "cuse/credentials.h"

namespace dmaheap::cuse {

/// Whether somebody could open the node of the heap of this name for reading and writing.
/// Thread-safe.
using HeapAccess = std::function<bool(const Credentials &who, const std::string &heap)>;

} // namespace dmaheap::cuse
