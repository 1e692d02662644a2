// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <fcntl.h>

#include <linux/dma-heap.h>

#include "cuse/uapi/command.h"

namespace dmaheap::uapi {

using DmaHeapAllocation = dma_heap_allocation_data;
static_assert(sizeof(DmaHeapAllocation) == 24 && DMA_HEAP_IOCTL_ALLOC == 0xc0184800);
static_assert(offsetof(DmaHeapAllocation, fd) == 8);

/// The only command of a heap's node, matched on its number part alone.
constexpr unsigned kDmaHeapAlloc = number_of(DMA_HEAP_IOCTL_ALLOC);

/// DMA_HEAP_VALID_FD_FLAGS.
constexpr unsigned kDmaHeapFdFlags = O_CLOEXEC | O_ACCMODE;

} // namespace dmaheap::uapi
