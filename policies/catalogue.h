// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/policy.h"

namespace dmaheap::policies {

/// One allocation mechanism, as the config names it.
struct Entry {
    std::string_view name;
    std::unique_ptr<Policy> (*make)();
};

/// All mechanisms, sorted by name.
std::span<const Entry> catalogue();

/// The mechanism of that name, or nullptr.
const Entry *find(std::string_view name);

} // namespace dmaheap::policies
