// SPDX-License-Identifier: MIT
#pragma once

#include "core/result.h"

namespace dmaheap::run {

/// What a delivery does to the process that it is for.
enum class Reach {
    into_it, ///< fetches its descriptors, reads and writes its memory
    traced,  ///< and traces it
};

/// Does it once, to a process that is there for that alone. Tells what failed first; a call that
/// is deadly here is EPERM.
Status try_reach(Reach reach);

} // namespace dmaheap::run
