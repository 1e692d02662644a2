// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dmaheap::bench {

/// "4096", "4K", "4KiB" (also M and G, either case) in bytes; powers of 1024, and no fractions.
/// Nothing for 0, for "4KB", which could mean either, and for what does not fit in 64 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// "64 KiB" in the largest unit that is exact, "5000 B" otherwise.
std::string size_text(std::uint64_t bytes);

} // namespace dmaheap::bench
