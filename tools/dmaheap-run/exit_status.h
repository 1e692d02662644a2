// SPDX-License-Identifier: MIT
#pragma once

namespace dmaheap::run {

/// Whatever the reason why the command was not run, so that 1 is the command's.
inline constexpr int kCouldNotRun = 2;

} // namespace dmaheap::run
