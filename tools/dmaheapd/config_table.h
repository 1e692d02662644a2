// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_text.h"

/// Reads the tables of a config file, and refuses with the place where something is wrong.
namespace dmaheap::config {

/// A key and its value, with where each stands.
struct Entry {
    std::string_view name;
    const toml::node *value;
    toml::source_position key_at;
    toml::source_position value_at;
};

/// The entries as a person reads them, from the top.
std::vector<Entry> in_order_of_text(const toml::table &table);

/// "FILE:LINE:COLUMN: what", thrown as Refused.
[[noreturn]] void refuse(std::string_view file, const toml::source_position &at,
                         std::string_view what);

/// What is being read: the file, and the table in it ("" at the top, or "heap.camera.").
struct Scope {
    std::string_view file;
    std::string table;

    /// "FILE:LINE:COLUMN: TABLE.NAME"
    [[nodiscard]] std::string place(const toml::source_position &at, std::string_view name) const;
    [[noreturn]] void refuse(const toml::source_position &at, std::string_view name,
                             std::string_view what) const;
};

/// What TOML calls the kind of the value.
std::string type_of(const toml::node &node);

/// The value as a table; `header` is how one is written.
const toml::table &table_of(const Scope &scope, const Entry &entry, std::string_view header);

[[noreturn]] void refuse_unknown(const Scope &scope, const Entry &entry,
                                 std::span<const std::string_view> known);

/// The texts that a setting of that kind is given: one, or those of a list.
std::vector<std::string> texts_of(const Scope &scope, const Entry &entry, Kind kind,
                                  std::string_view example);

/// Sets what the entry says; `known` is what could stand there.
template <class Target>
void read_setting(const Scope &scope, const Entry &entry, std::span<const Key<Target>> keys,
                  const std::vector<std::string_view> &known, Target &target)
{
    const auto *const key = find(keys, entry.name);
    if (!key)
        refuse_unknown(scope, entry, known);

    for (const auto &text : texts_of(scope, entry, key->kind, key->example))
        if (const auto accepted = key->set(target, text); !accepted)
            scope.refuse(entry.value_at, entry.name, accepted.error());
}

/// One table of those that have a name each, such as [heap.NAME]; `origins` learns where it and
/// its settings are.
template <class Target>
Target read_named(const Scope &scope, const Entry &named, std::span<const Key<Target>> keys,
                  Accepted (*set_name)(Target &, std::string_view), Origins &origins)
{
    const std::string name = scope.table + as_key(named.name);
    const toml::table &table = table_of(scope, named, "[" + name + "]");
    Target target;
    if (const auto accepted = set_name(target, named.name); !accepted)
        scope.refuse(named.key_at, named.name, accepted.error());

    origins.places[name] = scope.place(named.key_at, named.name);
    const Scope within{ scope.file, name + '.' };
    for (const auto &entry : in_order_of_text(table)) {
        read_setting(within, entry, keys, names_of(keys), target);
        origins.places[within.table + std::string(entry.name)] =
            within.place(entry.value_at, entry.name);
    }
    return target;
}

} // namespace dmaheap::config
