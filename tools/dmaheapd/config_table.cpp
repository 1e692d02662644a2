// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/config_table.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace dmaheap::config {

/// toml++ sorts by name.
std::vector<Entry> in_order_of_text(const toml::table &table)
{
    std::vector<Entry> entries;
    for (const auto &[key, value] : table)
        entries.push_back({ key.str(), &value, key.source().begin, value.source().begin });
    std::ranges::sort(entries, {}, [](const Entry &entry) {
        return std::pair(entry.key_at.line, entry.key_at.column);
    });
    return entries;
}

void refuse(std::string_view file, const toml::source_position &at, std::string_view what)
{
    std::ostringstream text;
    text << shown(file) << ':' << at.line << ':' << at.column << ": " << what;
    throw Refused(text.str());
}

std::string Scope::place(const toml::source_position &at, std::string_view name) const
{
    std::ostringstream text;
    text << shown(file) << ':' << at.line << ':' << at.column << ": " << table << as_key(name);
    return text.str();
}

void Scope::refuse(const toml::source_position &at, std::string_view name,
                   std::string_view what) const
{
    throw Refused(place(at, name).append(": ").append(what));
}

std::string type_of(const toml::node &node)
{
    std::ostringstream text;
    text << node.type();
    return text.str();
}

const toml::table &table_of(const Scope &scope, const Entry &entry, std::string_view header)
{
    const auto *const table = entry.value->as_table();
    if (!table)
        scope.refuse(entry.value_at, entry.name,
                     "must be a table, " + std::string(header) + ", not: " + type_of(*entry.value));

    return *table;
}

std::vector<std::string> texts_of(const Scope &scope, const Entry &entry, Kind kind,
                                  std::string_view example)
{
    const auto refuse_type = [&](std::string_view wanted, const toml::node &found) {
        scope.refuse(found.source().begin, entry.name,
                     "must be " + std::string(wanted) + " such as " + in_quotes(example) +
                         ", not: " + type_of(found));
    };
    if (const auto *const text = entry.value->as_string())
        return { text->get() };
    if (const auto *const number = entry.value->as_integer(); number && kind == Kind::number)
        return { std::to_string(number->get()) };

    const auto *const list = entry.value->as_array();
    if (!list || kind != Kind::list)
        refuse_type("a string", *entry.value);

    std::vector<std::string> texts;
    for (const auto &element : *list) {
        if (!element.is_string())
            refuse_type("a list of strings", element);
        texts.push_back(element.as_string()->get());
    }
    return texts;
}

void refuse_unknown(const Scope &scope, const Entry &entry, std::span<const std::string_view> known)
{
    scope.refuse(entry.key_at, entry.name,
                 "unknown key" + suggestion(entry.name, known) + "; keys here: " + listed(known));
}

} // namespace dmaheap::config
