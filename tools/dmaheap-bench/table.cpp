// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iomanip>

namespace dmaheap::bench {
namespace {

constexpr std::size_t kGap = 3;

std::vector<std::size_t> widths_of(const std::vector<Row> &rows)
{
    std::vector<std::size_t> widths(rows.front().size());
    for (const Row &row : rows) {
        const bool remark = row.size() < widths.size();
        const std::size_t counted = remark ? 1 : row.size();
        for (std::size_t i = 0; i < counted; ++i)
            widths[i] = std::max(widths[i], row[i].size());
    }

    return widths;
}

} // namespace

std::ostream &operator<<(std::ostream &out, const Table &table)
{
    const std::vector<std::size_t> widths = widths_of(table.rows_);
    for (const Row &row : table.rows_) {
        out << std::left << std::setw(static_cast<int>(widths[0])) << row[0] << std::right;
        const bool remark = row.size() < widths.size();
        for (std::size_t i = 1; i < row.size(); ++i)
            out << std::setw(remark ? 0 : static_cast<int>(widths[i] + kGap))
                << (remark ? std::string(kGap, ' ') + row[i] : row[i]);
        out << '\n';
    }

    return out;
}

std::string fixed(double value, int digits)
{
    std::array<char, 400> text{}; // the largest double has 309 digits
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   std::chars_format::fixed, digits);
    return { text.data(), end.ptr };
}

} // namespace dmaheap::bench
