// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "core/limits.h"
#include "cuse/node.h"
#include "tools/dmaheapd/config.h"

/// What the config says of heaps, in the words of those who do it.
namespace dmaheap::daemon {

/// Half of the machine's memory when the heap says nothing else.
Limits limits_of(const config::Heap &heap);
Limits limits_of_all(const config::Limits &limits);

/// The nodes of a heap, of which `device` is the device: its own and its aliases. Throws
/// std::runtime_error as resolved() does.
std::vector<cuse::Node> nodes_of(const config::Heap &heap, cuse::Device *device);

} // namespace dmaheap::daemon
