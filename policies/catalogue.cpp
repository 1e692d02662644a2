// SPDX-License-Identifier: MIT
#include "policies/catalogue.h"

#include <algorithm>
#include <array>

#include "policies/system.h"

namespace dmaheap::policies {

namespace {

template <class Mechanism>
std::unique_ptr<Policy> make()
{
    return std::make_unique<Mechanism>();
}

constexpr std::array kCatalogue{
    Entry{ "system", make<System> },
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
