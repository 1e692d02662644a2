// SPDX-License-Identifier: MIT
#pragma once

#include <fuse3/fuse_lowlevel.h>

namespace dmaheap::cuse {

/// The requests of a mount of buffers, whose BufferFileExporter is the session's userdata.
fuse_lowlevel_ops buffer_operations();

} // namespace dmaheap::cuse
