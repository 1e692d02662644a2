// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/dmaheapd/on_conflict.h"
#include "tools/dmaheapd/permissions.h"

/// What the config says of ION nodes, as plain values.
namespace dmaheap::config {

/// Which of ION's two interfaces a node has: that of Linux 4.12 to 5.10, or of 3.4 to 4.11.
enum class IonAbi { modern, legacy };

/// Where something was given, "board.toml:4:10: ion.heaps.4", for what can only be judged when all
/// has been read. No part of what is said.
struct Place {
    std::string text;

    friend bool operator==(const Place &, const Place &) { return true; }
};

/// What an ION heap id stands for.
struct IonHeap {
    unsigned id = 0;                 ///< 0 to 31
    std::string heap;                ///< one of the config's, by its name or an alias
    std::optional<std::string> type; ///< "system", ...; as the heap's when not given
    std::optional<std::string> name; ///< for HEAP_QUERY; as the type and the heap's when not given
    Place place;

    friend bool operator==(const IonHeap &, const IonHeap &) = default;
};

/// One node.
struct Ion : Permissions {
    std::string name = "ion";
    IonAbi abi = IonAbi::modern;
    std::optional<std::uint32_t> abi_version; ///< what ABI_VERSION answers
    OnConflict on_conflict = OnConflict::fail;
    std::vector<IonHeap> heaps; ///< never empty, ids are unique

    friend bool operator==(const Ion &, const Ion &) = default;
};

} // namespace dmaheap::config
