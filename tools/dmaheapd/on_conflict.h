// SPDX-License-Identifier: MIT
#pragma once

namespace dmaheap::config {

/// When the node's name is taken already: by the kernel, say.
enum class OnConflict { fail, skip };

} // namespace dmaheap::config
