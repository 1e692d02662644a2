// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include <fuse3/fuse_lowlevel.h>

#include "cuse/device.h"

/// What a node answers, whichever frontend shows it.
namespace dmaheap::cuse {

/// Hands an ioctl to the device.
void answer_ioctl(Device &device, fuse_req_t request, std::uint32_t command, void *argument,
                  const void *in, std::size_t in_size);

} // namespace dmaheap::cuse
