// SPDX-License-Identifier: MIT
#pragma once

#include "core/faults.h"
#include "core/ledger.h"
#include "core/region.h"
#include "tools/control/holders.h"
#include "tools/control/protocol.h"

/// What there is to see, as JSON: sizes in bytes, times in seconds since 1970, null for a limit
/// that there is not.
namespace dmaheap::control {

Json shown(const Ledger::Use &use);
Json shown(const Limits &limits);
Json shown(const Ledger::Entry &entry);
Json shown(const Faults::Plan &plan);
Json shown(const Region &region);
/// Of one file, as a list.
Json shown(const Holders &holders, const Inode &file);

} // namespace dmaheap::control
