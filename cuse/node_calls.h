// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <fuse3/fuse_lowlevel.h>

#include "cuse/device.h"

/// What a node answers, whichever frontend shows it.
namespace dmaheap::cuse {

/// Opens the device; how the file behaves has been put into `file` before.
void answer_open(Device &device, fuse_req_t request, fuse_file_info *file);

void answer_release(Device &device, fuse_req_t request, const fuse_file_info *file);

/// Hands an ioctl to the device. `flags`: FUSE_IOCTL_...; `file`: what Device::open() has named.
void answer_ioctl(Device &device, fuse_req_t request, std::uint32_t command, void *argument,
                  const void *in, std::size_t in_size, std::uint64_t file = 0, unsigned flags = 0);

} // namespace dmaheap::cuse
