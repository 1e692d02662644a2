// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/result.h"
#include "core/size.h"

/// The kernel's pool of huge pages, see hugetlbpage in the kernel's admin-guide/mm.
namespace dmaheap::huge_pages {

/// Whether this machine has pages of that size at all.
bool exist(Bytes page);

/// How many of them nobody has, nor has been promised.
Result<std::uint64_t> available(Bytes page);

/// How many the pool has, in use or not, without those that are leaving it.
Result<std::uint64_t> in_pool(Bytes page);

/// How many are in use still, and leave the pool as soon as they are not. Whoever makes it larger
/// has these stay before there are any new ones.
Result<std::uint64_t> leaving_pool(Bytes page);

/// Makes the pool larger, as far as the kernel finds pages, or smaller: pages in use then are
/// leaving it. Takes root.
Status change_pool(Bytes page, std::int64_t change);

} // namespace dmaheap::huge_pages
