// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace dmaheap::run {

/// Becomes the command, found along PATH as env(1) would, but that a file of a kind that the kernel
/// does not know is given to a shell only when it is text. Says on stderr why that cannot be done:
/// exit status 127 when there is none of that name, 126 otherwise.
[[noreturn]] void execute(const std::vector<std::string> &command);

} // namespace dmaheap::run
