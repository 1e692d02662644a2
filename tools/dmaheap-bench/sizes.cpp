// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/sizes.h"

#include <array>
#include <cctype>
#include <charconv>

namespace dmaheap::bench {
namespace {

struct Unit {
    char letter;
    unsigned shift;
};

constexpr std::array kUnits{ Unit{ 'G', 30 }, Unit{ 'M', 20 }, Unit{ 'K', 10 } };

/// The binary exponent of "", "K", "k", "KiB"...
std::optional<unsigned> shift_of(std::string_view suffix)
{
    if (suffix.empty())
        return 0;
    if (suffix.size() > 1 && suffix.substr(1) != "iB")
        return std::nullopt;

    const int letter = std::toupper(static_cast<unsigned char>(suffix.front()));
    for (const Unit &unit : kUnits)
        if (unit.letter == letter)
            return unit.shift;

    return std::nullopt;
}

} // namespace

std::optional<std::uint64_t> parse_size(std::string_view text)
{
    std::uint64_t count = 0;
    const char *end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc() || count == 0)
        return std::nullopt;

    const std::optional<unsigned> shift = shift_of({ rest, end });
    if (!shift || count > UINT64_MAX >> *shift)
        return std::nullopt;

    return count << *shift;
}

std::string size_text(std::uint64_t bytes)
{
    for (const Unit &unit : kUnits) {
        const std::uint64_t one = std::uint64_t{ 1 } << unit.shift;
        if (bytes >= one && bytes % one == 0)
            return std::to_string(bytes / one) + ' ' + unit.letter + "iB";
    }

    return std::to_string(bytes) + " B";
}

} // namespace dmaheap::bench
