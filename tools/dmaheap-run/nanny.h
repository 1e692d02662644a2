// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include <sys/types.h>

namespace dmaheap::run {

/// The parent of the command. Its orphans become its own children, so it knows when the last
/// process that the command has started is gone; it ends then. It has no threads and traces nobody,
/// so that all that it waits for is for it.
///
/// `events`: tells there what becomes of the command, and takes signals for it from there.
/// `become_command` is called in the process that is to be the command.
[[noreturn]] void be_nanny(int events, const std::function<void()> &become_command);

/// As a shell has it: 128 + N for a process that signal N has ended.
int exit_status(int waited);

} // namespace dmaheap::run
