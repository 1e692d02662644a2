// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "cuse/uapi/ion_modern.h"

/// What people may say of ION's heaps.
namespace dmaheap::cuse {

using IonHeapType = uapi::ion::HeapType;

struct IonHeapTypeName {
    std::string_view name;
    IonHeapType type;
};

/// As ION's enum has them, in small letters.
inline constexpr std::array kIonHeapTypes{
    IonHeapTypeName{ .name = "system", .type = IonHeapType::system },
    IonHeapTypeName{ .name = "system-contig", .type = IonHeapType::system_contig },
    IonHeapTypeName{ .name = "carveout", .type = IonHeapType::carveout },
    IonHeapTypeName{ .name = "chunk", .type = IonHeapType::chunk },
    IonHeapTypeName{ .name = "dma", .type = IonHeapType::dma },
    IonHeapTypeName{ .name = "custom", .type = IonHeapType::custom },
};

/// Ids are below this.
inline constexpr unsigned kIonHeapIds = uapi::ion::kHeapIds;

/// Bytes of a heap's name that ION tells, at most.
inline constexpr std::size_t kLongestIonName = uapi::ion::kHeapNameLength - 1;

} // namespace dmaheap::cuse
