// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "tools/dmaheapd/config.h"

/// The config file: TOML, see dmaheapd.toml(5).
namespace dmaheap::config {

/// Reads the text of a config file; `file` is what refusals call it. Heaps come in the order of
/// the text, and are none when it names none. Throws Refused: "FILE:LINE:COLUMN: KEY: why".
Config from_toml(std::string_view text, std::string_view file);

/// The same for a file. Throws Refused when it cannot be read, too.
Config read_file(const std::string &path);

/// A text that from_toml() reads back to the same Config.
std::string to_toml(const Config &config);

} // namespace dmaheap::config
