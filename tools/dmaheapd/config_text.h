// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

/// How config text is quoted in TOML and in refusals, and how a mistyped word is answered.
namespace dmaheap::config {

/// The text as a TOML basic string with its quotes. One line, whatever the text holds.
std::string in_quotes(std::string_view text);

/// The text itself where it is plain, quoted elsewhere: one line, whatever it holds.
std::string shown(std::string_view text);

/// The text as a TOML key: bare where TOML allows that, quoted elsewhere.
std::string as_key(std::string_view text);

/// UTF-8 without control characters: what a TOML file can say and a log line can show.
bool is_plain_text(std::string_view text);

/// "a, b, c"
std::string listed(std::span<const std::string_view> words);

/// " (did you mean WORD?)" for the word that is closest, or nothing when none is close.
std::string suggestion(std::string_view text, std::span<const std::string_view> words);

} // namespace dmaheap::config
