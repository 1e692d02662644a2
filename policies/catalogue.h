// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/exporter.h"
#include "core/policy.h"
#include "core/region.h"
#include "core/wiper.h"

namespace dmaheap::policies {

/// What the config says of a heap's memory. A policy looks at what concerns it.
struct Options {
    Region *region = nullptr; ///< of policies that draw from one, which it must outlive
    Bytes guarantee = 0;      ///< held back in the region for this heap
    Bytes alignment = Extents::kGranule;
    bool emulated = false; ///< one run of the region will do, wherever it is physically
    unsigned buffers = 0;
    Bytes buffer_size = 0;
    bool overflow = false;          ///< beyond the buffers, from the rest of the region
    Bytes page = Extents::kGranule; ///< the size of the pages that are preferred
};

/// What policies make use of; both outlive them.
struct Tools {
    Exporter &exporter;
    Wiper &wiper;
};

/// One allocation mechanism, as the config names it.
struct Entry {
    std::string_view name;
    bool draws_from_region; ///< needs Options::region
    Result<std::unique_ptr<Policy>> (*make)(const Options &options, const Tools &tools);
};

/// All mechanisms, sorted by name.
std::span<const Entry> catalogue();

/// The mechanism of that name, or nullptr.
const Entry *find(std::string_view name);

} // namespace dmaheap::policies
