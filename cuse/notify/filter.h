// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <linux/filter.h>

#include "core/result.h"
#include "core/unique_fd.h"
#include "cuse/notify/listener.h"

namespace dmaheap::cuse {

/// Which system calls a filter reports: DMA_HEAP_IOCTL_ALLOC of any size, modern ION's ALLOC, and
/// what is chosen here. All others go on at full speed.
struct Reported {
    bool of_buffers = false;    ///< what is asked of a dma-buf: SYNC, SET_NAME, sync files
    bool of_legacy_ion = false; ///< SHARE and MAP, which give descriptors
};

/// The filter, for 64-bit, x32 and 32-bit system calls.
std::vector<sock_filter> filter_program(Reported reported);

struct InstalledFilter {
    UniqueFd listener;
    Waits waits;
};

/// Puts the filter on the calling thread and what it will start, for ever; with NoNewPrivs only
/// where the kernel insists. EINVAL and ENOSYS: this kernel has no notification. EBUSY: the thread
/// has a filter with a listener already.
///
/// `wanted`: what the kernel has not got, it is not held against it.
Result<InstalledFilter> install_filter(Reported reported, Waits wanted = Waits::killably);

} // namespace dmaheap::cuse
