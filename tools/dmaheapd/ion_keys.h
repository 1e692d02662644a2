// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/ion_config.h"

/// The settings of `[ion]` as rows of tables.
namespace dmaheap::config {

/// Of a node: `[ion]` and `[ion.NAME]`, apart from `heaps`.
std::span<const Key<Ion>> ion_keys();

/// Of one of its heaps in the long form, apart from `id`.
std::span<const Key<IonHeap>> ion_heap_keys();

/// Sets the name of a further node.
Accepted set_ion_name(Ion &ion, std::string_view name);

/// The number that ION has for a type of heap that the config names; nothing for other names.
std::optional<std::uint32_t> ion_heap_type(std::string_view name);

} // namespace dmaheap::config
