// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_text.h"

/// How values of the kinds that several settings have are read and written.
namespace dmaheap::config {

/// What the config calls a value.
template <class Value>
struct Word {
    std::string_view text;
    Value value;
};

inline std::unexpected<std::string> wrong(std::string_view text, std::string_view what)
{
    return std::unexpected(in_quotes(text).append(" ").append(what));
}

inline std::unexpected<std::string> none_of(std::string_view text,
                                            std::span<const std::string_view> words)
{
    return wrong(text, "is none of: " + listed(words) + suggestion(text, words));
}

template <auto Member, const auto &Words, class Target>
Accepted set_word(Target &target, std::string_view text)
{
    std::vector<std::string_view> texts;
    for (const auto &word : Words) {
        if (word.text == text) {
            target.*Member = word.value;
            return {};
        }
        texts.push_back(word.text);
    }
    return none_of(text, texts);
}

template <auto Member, const auto &Words, class Target>
std::optional<std::string> get_word(const Target &target)
{
    for (const auto &word : Words)
        if (target.*Member == word.value)
            return std::string(word.text);
    return std::nullopt;
}

/// A size that is not 0; `Multiple` is what it must be whole multiples of.
template <auto Member, Bytes Multiple, class Target>
Accepted set_size(Target &target, std::string_view text)
{
    const auto size = parse_size(text);
    if (!size && size.error().code == ERANGE)
        return wrong(text, "does not fit in 64 bits");
    if (!size)
        return wrong(text, "is not a size such as \"4096\", \"64KiB\", \"512MiB\" or \"2GiB\"");
    if (*size == 0 || *size % Multiple != 0)
        return wrong(text, "is not a whole number of pages of " + format_size(Multiple));

    target.*Member = *size;
    return {};
}

template <auto Member, class Target>
std::optional<std::string> get_size(const Target &target)
{
    return target.*Member ? std::optional(format_size(*(target.*Member))) : std::nullopt;
}

/// A whole number from 1 to `Most`.
template <auto Member, unsigned Most, class Target>
Accepted set_count(Target &target, std::string_view text)
{
    unsigned count = 0;
    const char *const end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, count);
    if (rest != end || status != std::errc() || count == 0 || count > Most)
        return wrong(text, "is not a number from 1 to " + std::to_string(Most));

    target.*Member = count;
    return {};
}

template <auto Member, class Target>
std::optional<std::string> get_count(const Target &target)
{
    return target.*Member ? std::optional(std::to_string(*(target.*Member))) : std::nullopt;
}

template <auto Member, class Target>
std::optional<std::string> get_text(const Target &target)
{
    return target.*Member;
}

} // namespace dmaheap::config
