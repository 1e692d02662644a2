// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "core/size.h"

namespace dmaheap {

/// The physical addresses of mapped memory of this process, one for each `step` bytes of it; what
/// is not there yet is made present. `step` is a multiple of the page size. EPERM when the kernel
/// does not tell them, which takes CAP_SYS_ADMIN.
Result<std::vector<std::uint64_t>> physical_addresses(std::byte *start, Bytes size, Bytes step);

} // namespace dmaheap
