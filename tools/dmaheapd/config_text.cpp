// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/config_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <vector>

namespace dmaheap::config {

namespace {

bool is_control(char letter)
{
    const auto code = static_cast<unsigned char>(letter);
    return code < 0x20 || code == 0x7f;
}

std::string escaped(char letter)
{
    constexpr std::string_view kDigits = "0123456789ABCDEF";

    if (letter == '"' || letter == '\\')
        return { '\\', letter };
    if (!is_control(letter))
        return { letter };

    const auto code = static_cast<unsigned char>(letter);
    return std::string("\\u00") + kDigits[code >> 4] + kDigits[code & 0xf];
}

bool is_bare(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
}

/// The code points that `length` bytes may say, by RFC 3629: nothing overlong, nothing above.
struct Sequence {
    unsigned char lead_mask, lead;
    std::size_t length;
    char32_t least, most;
};

constexpr std::array kSequences{ Sequence{ 0x80, 0x00, 1, 0x0, 0x7f },
                                 Sequence{ 0xe0, 0xc0, 2, 0x80, 0x7ff },
                                 Sequence{ 0xf0, 0xe0, 3, 0x800, 0xffff },
                                 Sequence{ 0xf8, 0xf0, 4, 0x10000, 0x10ffff } };

/// Bytes of the code point that the text starts with, 0 when that is not UTF-8.
std::size_t leading_code_point(std::string_view text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    const auto *const form = std::ranges::find_if(
        kSequences, [lead](const Sequence &each) { return (lead & each.lead_mask) == each.lead; });
    if (form == kSequences.end() || text.size() < form->length)
        return 0;

    char32_t code = lead & static_cast<unsigned char>(~form->lead_mask);
    for (const char next : text.substr(1, form->length - 1)) {
        if ((static_cast<unsigned char>(next) & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (static_cast<unsigned char>(next) & 0x3f);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < form->least || code > form->most || surrogate ? 0 : form->length;
}

/// How many letters must be changed, added or removed: Levenshtein, one row at a time.
std::size_t distance(std::string_view left, std::string_view right)
{
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{ 0 });
    for (const char letter : left) {
        std::size_t diagonal = row.front()++;
        for (std::size_t column = 0; column < right.size(); ++column) {
            const std::size_t changed = diagonal + (letter == right[column] ? 0 : 1);
            diagonal = row[column + 1];
            row[column + 1] = std::min({ changed, diagonal + 1, row[column] + 1 });
        }
    }
    return row.back();
}

} // namespace

std::string in_quotes(std::string_view text)
{
    std::string result = "\"";
    for (const char letter : text)
        result += escaped(letter);
    return result + '"';
}

std::string shown(std::string_view text)
{
    return !text.empty() && is_plain_text(text) ? std::string(text) : in_quotes(text);
}

std::string as_key(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, is_bare) ? std::string(text)
                                                               : in_quotes(text);
}

bool is_plain_text(std::string_view text)
{
    while (!text.empty()) {
        const std::size_t length = leading_code_point(text);
        if (length == 0 || is_control(text.front()))
            return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string listed(std::span<const std::string_view> words)
{
    std::string result;
    for (const std::string_view word : words)
        result.append(result.empty() ? "" : ", ").append(word);
    return result;
}

std::string suggestion(std::string_view text, std::span<const std::string_view> words)
{
    const auto far = [text](std::string_view word) {
        const bool cut_short = text.size() > 1 && word.starts_with(text);
        return cut_short ? 1 : distance(text, word);
    };
    const auto nearest = std::ranges::min_element(words, {}, far);
    if (nearest == words.end() || far(*nearest) > std::max<std::size_t>(1, nearest->size() / 3))
        return {};

    return " (did you mean " + std::string(*nearest) + "?)";
}

} // namespace dmaheap::config
