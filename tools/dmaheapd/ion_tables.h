// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <string_view>
#include <vector>

#include "tools/dmaheapd/config_table.h"
#include "tools/dmaheapd/ion_config.h"

/// `[ion]` of the config file.
namespace dmaheap::config {

/// Reads the entry `ion` of the file: the node of that name, if it says anything of it, and those
/// of `[ion.NAME]`. Throws Refused. Whether the heaps exist is left to check_ion().
std::vector<Ion> read_ion(const Scope &file, const Entry &entry);

/// The heap of that name or alias; null when there is none.
const Heap *heap_called(std::string_view name, const Config &config);

/// Throws Refused when an id stands for a heap that there is not.
void check_ion(const Config &config);

/// Writes what read_ion() reads.
void write_ion(std::ostream &out, const std::vector<Ion> &nodes);

} // namespace dmaheap::config
