// SPDX-License-Identifier: MIT
#include "tools/dmaheapctl/region_map.h"

#include <algorithm>
#include <vector>

#include "core/size.h"
#include "tools/dmaheapctl/table.h"
#include "tools/dmaheapctl/units.h"

namespace dmaheap::ctl {

namespace {

using control::Json;
using enum Table::Side;

constexpr std::size_t kBlocks = 64;

/// A part of a region that is not used. What is in none of them is.
struct Piece {
    Bytes offset;
    Bytes size;
    bool held_back;
};

std::vector<Piece> pieces_of(const Json &region)
{
    std::vector<Piece> pieces;
    for (const Json &extent : region.value("extents", Json::array()))
        pieces.push_back({ .offset = extent.value("offset", Bytes{ 0 }),
                           .size = extent.value("size", Bytes{ 0 }),
                           .held_back = extent.value("state", "") == "held" });
    return pieces;
}

Bytes overlap(const Piece &piece, Bytes begin, Bytes end)
{
    const Bytes first = std::max(piece.offset, begin);
    const Bytes last = std::min(piece.offset + piece.size, end);
    return last > first ? last - first : 0;
}

/// Full for used, empty for free, dotted for held back, half for some of each.
const char *block_of(const std::vector<Piece> &pieces, Bytes begin, Bytes end)
{
    Bytes unused = 0;
    Bytes held_back = 0;
    for (const Piece &piece : pieces) {
        unused += overlap(piece, begin, end);
        held_back += piece.held_back ? overlap(piece, begin, end) : 0;
    }
    if (unused == 0)
        return "█";
    if (unused < end - begin)
        return "▒";

    return 2 * held_back > end - begin ? "·" : "░";
}

std::string map_of(const Json &region)
{
    const auto size = region.value("size", Bytes{ 0 });
    const auto pieces = pieces_of(region);
    std::string map;
    for (std::size_t at = 0; at < kBlocks && size >= kBlocks; ++at)
        map += block_of(pieces, size / kBlocks * at, size / kBlocks * (at + 1));
    return map;
}

std::string escaped(const std::string &text)
{
    std::string result;
    for (const char letter : harmless(text))
        result += letter == '<'   ? "&lt;"
                  : letter == '&' ? "&amp;"
                  : letter == '>' ? "&gt;"
                                  : std::string(1, letter);
    return result;
}

std::string rectangle(double x, double y, double width, const char *fill)
{
    return "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
           std::to_string(width) + "\" height=\"24\" fill=\"" + fill + "\"/>\n";
}

std::string svg_text(double x, double y, const std::string &text)
{
    return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\">" +
           escaped(text) + "</text>\n";
}

} // namespace

std::string show_regions(const Json &regions)
{
    if (regions.empty())
        return "no regions: no heap draws from memory that is set aside\n";

    Table table({ { "REGION", left },
                  { "SIZE", right },
                  { "FREE", right },
                  { "HELD BACK", right },
                  { "LARGEST", right },
                  { "PAGES", right },
                  { "MAP", left } });
    for (const Json &region : regions)
        table.add({ harmless(region.value("name", "")), size_of(region.value("size", Json())),
                    size_of(region.value("free", Json())),
                    size_of(region.value("held-back", Json())),
                    size_of(region.value("largest", Json())), size_of(region.value("page", Json())),
                    map_of(region) });
    return table.text() + "█ used  ▒ in part  ░ free  · free, held back for one heap\n";
}

std::string svg_of_regions(const Json &regions)
{
    constexpr double kWidth = 960;
    constexpr double kRow = 56;
    constexpr double kTop = 40;
    std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1000\" height=\"" +
                       std::to_string(kTop + kRow * static_cast<double>(regions.size())) +
                       "\" font-family=\"sans-serif\" font-size=\"14\">\n" +
                       svg_text(20, 24, "used: blue, free: grey, held back for one heap: yellow");
    double y = kTop;
    for (const Json &region : regions) {
        const double size = std::max(region.value("size", 1.0), 1.0);
        text += svg_text(20, y + 16,
                         region.value("name", "") + ", " + size_of(region.value("size", Json())) +
                             ", free " + size_of(region.value("free", Json())));
        text += rectangle(20, y + 22, kWidth, "#3b6ea5");
        for (const Piece &piece : pieces_of(region))
            text += rectangle(20 + static_cast<double>(piece.offset) / size * kWidth, y + 22,
                              static_cast<double>(piece.size) / size * kWidth,
                              piece.held_back ? "#e6c85a" : "#d8dce0");
        y += kRow;
    }
    return text + "</svg>\n";
}

} // namespace dmaheap::ctl
