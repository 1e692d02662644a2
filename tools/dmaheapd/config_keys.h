// SPDX-License-Identifier: MIT
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/dmaheapd/config.h"

/// Every setting as one row of a table. The config file, the command line, `--print-config` and
/// `--help` all work from these rows: a new setting is a member of its struct and a row here.
namespace dmaheap::config {

/// Done, or what is wrong with a value and what would be right.
using Accepted = std::expected<void, std::string>;

/// How the config file spells a value, besides as a string.
enum class Kind {
    text,
    number, ///< also as an integer
    list,   ///< as an array of strings, each of which is given to set(); get() has a line for each
};

template <class Target>
struct Key {
    std::string_view name;
    std::string_view form; ///< "A|B|C" where the values can be listed, else a word such as SIZE
    std::string_view example;
    std::string_view help;
    Accepted (*set)(Target &target, std::string_view text);
    /// The text that set() reads back, nothing when the setting was not given.
    std::optional<std::string> (*get)(const Target &target);
    Kind kind = Kind::text;
};

/// Of the daemon: top level of the config file, long options of the command line.
std::span<const Key<Config>> daemon_keys();

/// Of one heap: `[heap.NAME]` of the config file, after the policy in `--heap`.
std::span<const Key<Heap>> heap_keys();

/// Of one region: `[region.NAME]` of the config file.
std::span<const Key<Region>> region_keys();

/// Sets the region's name.
Accepted set_region_name(Region &region, std::string_view name);

/// Sets the heap's name, which becomes that of a file and of a device.
Accepted set_heap_name(Heap &heap, std::string_view name);

template <class Target>
std::vector<std::string_view> names_of(std::span<const Key<Target>> keys)
{
    std::vector<std::string_view> names;
    for (const auto &key : keys)
        names.push_back(key.name);
    return names;
}

/// The key of that name, or nullptr.
template <class Target>
const Key<Target> *find(std::span<const Key<Target>> keys, std::string_view name)
{
    for (const auto &key : keys)
        if (key.name == name)
            return &key;
    return nullptr;
}

} // namespace dmaheap::config
