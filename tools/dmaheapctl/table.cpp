// SPDX-License-Identifier: MIT
#include "tools/dmaheapctl/table.h"

#include <algorithm>

namespace dmaheap::ctl {

namespace {

/// Letters, of which UTF-8 may make several bytes.
std::size_t width_of(const std::string &text)
{
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char letter) { return (static_cast<unsigned char>(letter) & 0xc0) != 0x80; }));
}

} // namespace

std::string Table::text() const
{
    std::vector<std::vector<std::string>> lines(1);
    for (const Column &column : columns_)
        lines.front().push_back(column.head);
    lines.insert(lines.end(), rows_.begin(), rows_.end());

    std::vector<std::size_t> widths(columns_.size(), 0);
    for (const auto &line : lines)
        for (std::size_t at = 0; at < widths.size(); ++at)
            widths[at] = std::max(widths[at], width_of(line[at]));

    std::string text;
    for (const auto &line : lines) {
        std::string shown;
        for (std::size_t at = 0; at < widths.size(); ++at) {
            const std::string blanks(widths[at] - width_of(line[at]), ' ');
            shown += at == 0 ? "" : "  ";
            shown += columns_[at].side == Side::left ? line[at] + blanks : blanks + line[at];
        }
        text += shown.substr(0, shown.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
}

} // namespace dmaheap::ctl
