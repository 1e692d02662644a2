// SPDX-License-Identifier: MIT
#include "core/size.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

#include <unistd.h>

namespace dmaheap {

namespace {

struct Unit {
    std::string_view spelling; ///< as written out; the "iB" may be left away when reading
    unsigned shift;
};

constexpr std::array kUnits{ Unit{ "TiB", 40 }, Unit{ "GiB", 30 }, Unit{ "MiB", 20 },
                             Unit{ "KiB", 10 }, Unit{ "B", 0 } };

bool same_letters(std::string_view left, std::string_view right)
{
    return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    });
}

Result<unsigned> parse_unit(std::string_view text)
{
    if (text.empty())
        return 0U;

    for (const auto &[spelling, shift] : kUnits)
        if (same_letters(text, spelling) || same_letters(text, spelling.substr(0, 1)))
            return shift;

    return failure(EINVAL, "unit of a size");
}

} // namespace

Bytes page_size()
{
    static const auto size = static_cast<Bytes>(::sysconf(_SC_PAGESIZE));
    return size;
}

Result<Bytes> page_aligned(Bytes size)
{
    const Bytes mask = page_size() - 1;
    const Bytes rounded = (size + mask) & ~mask;
    if (rounded == 0)
        return failure(EINVAL, "length");

    return rounded;
}

Result<Bytes> parse_size(std::string_view text)
{
    Bytes number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status == std::errc::result_out_of_range)
        return failure(ERANGE, "size");
    if (status != std::errc())
        return failure(EINVAL, "size");

    const auto shift = parse_unit(text.substr(static_cast<std::size_t>(end - text.data())));
    if (!shift)
        return std::unexpected(shift.error());
    if (number > std::numeric_limits<Bytes>::max() >> *shift)
        return failure(ERANGE, "size");

    return number << *shift;
}

std::string format_size(Bytes size)
{
    const auto fits = [size](const Unit &unit) {
        return size != 0 && size % (Bytes{ 1 } << unit.shift) == 0;
    };
    const auto *const unit = std::ranges::find_if(kUnits, fits);
    if (unit == kUnits.end() || unit->shift == 0)
        return std::to_string(size);

    return std::to_string(size >> unit->shift).append(unit->spelling);
}

Bytes machine_memory()
{
    return static_cast<Bytes>(::sysconf(_SC_PHYS_PAGES)) * page_size();
}

} // namespace dmaheap
