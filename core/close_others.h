// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>

namespace dmaheap {

/// Closes all of the calling thread's descriptors from `first` on but those in `kept`, open or not,
/// in any order. Other threads lose theirs, too, unless it has left their table (unshare(2),
/// CLONE_FILES).
void close_others(std::initializer_list<int> kept, int first = 0);

} // namespace dmaheap
