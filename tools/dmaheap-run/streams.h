// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>

/// What happens to the descriptors that we were started with. The command gets all of them as they
/// were; our own processes keep nobody's pipe open.
namespace dmaheap::run {

enum class Messages { go_to_stderr, are_none };

/// Closes what was inherited; 0, 1, and perhaps 2, become /dev/null. `kept`: our own descriptors;
/// negative ones count for nothing.
void leave_streams(Messages messages, std::initializer_list<int> kept);

} // namespace dmaheap::run
