// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "core/result.h"
#include "core/unique_fd.h"
#include "cuse/notify/filter.h"

/// Between the process that is to become the command and the one that serves it: the former puts
/// a filter on itself and gives its listener away, the latter says when there is something to run
/// with.
namespace dmaheap::run {

/// The command's side: puts on the filter, if there is to be one, and sends what came of it. False
/// when the other side is gone.
bool offer(int end, std::optional<cuse::Reported> filter);
/// Waits until the command may run. False when it is never to.
bool await_go(int end);

/// The serving side: the listener, or nothing when there was to be none.
Result<std::optional<cuse::InstalledFilter>> accept(int end);
void give_go(int end);

} // namespace dmaheap::run
