// SPDX-License-Identifier: MIT
#pragma once

#include "tools/dmaheapd/config.h"

/// What the settings of regions and heaps must be together.
namespace dmaheap::config {

/// Throws Refused for the first that does not fit: a heap of an unknown region, say. Looks at
/// nothing but the config.
void check_memory(const Config &config);

/// Throws Refused for a setting of `table`, "heap.camera" or "region.cma", with where it was given,
/// or where the table was when it was not.
[[noreturn]] void refuse_setting(const Config &config, const std::string &table,
                                 const std::string &setting, const std::string &what);

/// The table's name as the file spells it.
std::string name_of_table(const Heap &heap);
std::string name_of_table(const Region &region);

/// The region of that name, or nullptr.
const Region *find_region(const Config &config, const std::string &name);

/// The bytes that nobody else in the heap's region can have.
Bytes set_aside_for(const Heap &heap);

/// The size of pages of a region.
Bytes page_of(const Region &region);

} // namespace dmaheap::config
