// SPDX-License-Identifier: MIT
#pragma once

#include "core/exporter.h"
#include "core/reservoir.h"
#include "tools/dmaheapd/config.h"

namespace dmaheap::daemon {

/// The memory of a region that is a file, wiped. The file is ours alone until the region ends, as
/// far as other daemons go.
///
/// Throws config::Refused unless it is a file of tmpfs, hugetlbfs or DAX, large enough, not reached
/// by a symbolic link, and root's or ours, whom alone it lets write.
Reservoir reservoir_of_file(const config::Config &config, const config::Region &region,
                            const Exporter &exporter);

} // namespace dmaheap::daemon
