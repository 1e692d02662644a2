// SPDX-License-Identifier: MIT
#pragma once

namespace dmaheap::run {

/// Puts a new /dev in place, in this mount namespace, that shows what the old one has, but for
/// dma_heap and ion: those it leaves free. The working directory stays what it was by name. Throws
/// Unavailable.
void replace_dev();

} // namespace dmaheap::run
