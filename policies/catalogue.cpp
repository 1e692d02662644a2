// SPDX-License-Identifier: MIT
#include "policies/catalogue.h"

#include <algorithm>
#include <array>

#include "policies/carveout.h"
#include "policies/contiguous.h"
#include "policies/reserved.h"
#include "policies/system.h"

namespace dmaheap::policies {

namespace {

constexpr bool kOfRegion = true;
constexpr bool kOfMachine = false;

constexpr std::array kCatalogue{
    Entry{ "carveout", kOfRegion, Carveout::make },
    Entry{ "contiguous", kOfRegion, Contiguous::make },
    Entry{ "reserved", kOfRegion, Reserved::make },
    Entry{ "system", kOfMachine, System::make },
};
static_assert(std::ranges::is_sorted(kCatalogue, {}, &Entry::name));

} // namespace

std::span<const Entry> catalogue()
{
    return kCatalogue;
}

const Entry *find(std::string_view name)
{
    const auto *const entry = std::ranges::find(kCatalogue, name, &Entry::name);
    return entry == kCatalogue.end() ? nullptr : entry;
}

} // namespace dmaheap::policies
