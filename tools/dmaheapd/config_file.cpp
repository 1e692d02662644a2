// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/config_file.h"

#include <algorithm>
#include <cstring>
#include <sstream>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "core/sys.h"
#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_text.h"

namespace dmaheap::config {

namespace {

/// A key and its value, with where each stands.
struct Entry {
    std::string_view name;
    const toml::node *value;
    toml::source_position key_at;
    toml::source_position value_at;
};

/// toml++ sorts by name; people read from the top.
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

[[noreturn]] void refuse(std::string_view file, const toml::source_position &at,
                         std::string_view what)
{
    std::ostringstream text;
    text << shown(file) << ':' << at.line << ':' << at.column << ": " << what;
    throw Refused(text.str());
}

/// What is being read: the file, and the table in it ("" at the top, or "heap.camera.").
struct Scope {
    std::string_view file;
    std::string table;

    [[noreturn]] void refuse(const toml::source_position &at, std::string_view name,
                             std::string_view what) const
    {
        config::refuse(file, at, table + as_key(name).append(": ").append(what));
    }
};

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

template <class Target>
void read_setting(const Scope &scope, const Entry &entry, std::span<const Key<Target>> keys,
                  std::vector<std::string_view> known, Target &target)
{
    const auto *const key = find(keys, entry.name);
    if (!key)
        scope.refuse(entry.key_at, entry.name,
                     "unknown key" + suggestion(entry.name, known) +
                         "; keys here: " + listed(known));

    const auto *const text = entry.value->as_string();
    if (!text)
        scope.refuse(entry.value_at, entry.name,
                     "must be a string such as " + quoted(key->example) +
                         ", not: " + type_of(*entry.value));

    if (const auto accepted = key->set(target, text->get()); !accepted)
        scope.refuse(entry.value_at, entry.name, accepted.error());
}

Heap read_heap(const Scope &heaps, const Entry &named)
{
    const toml::table &table = table_of(heaps, named, "[heap." + as_key(named.name) + "]");
    Heap heap;
    if (const auto accepted = set_heap_name(heap, named.name); !accepted)
        heaps.refuse(named.key_at, named.name, accepted.error());

    const Scope scope{ heaps.file, heaps.table + as_key(named.name) + '.' };
    for (const auto &entry : in_order_of_text(table))
        read_setting(scope, entry, heap_keys(), names_of(heap_keys()), heap);
    return heap;
}

Config read_config(std::string_view file, const toml::table &root)
{
    const Scope scope{ file, "" };
    auto known = names_of(daemon_keys());
    known.emplace_back("heap");

    Config config;
    for (const auto &entry : in_order_of_text(root)) {
        if (entry.name != "heap") {
            read_setting(scope, entry, daemon_keys(), known, config);
            continue;
        }
        for (const auto &named : in_order_of_text(table_of(scope, entry, "[heap.NAME]")))
            config.heaps.push_back(read_heap({ file, "heap." }, named));
    }
    return config;
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos)
        return {};

    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view line_of(std::string_view text, std::size_t number)
{
    for (; number > 1 && text.contains('\n'); --number)
        text.remove_prefix(text.find('\n') + 1);
    return trimmed(text.substr(0, text.find('\n')));
}

/// What a line that is not TOML was meant to set, as far as one can tell.
struct Meant {
    std::string_view key;
    std::string_view value;
};

Meant meant_by(std::string_view line)
{
    const std::size_t equals = line.find('=');
    if (line.starts_with('['))
        return { trimmed(line.substr(1, line.find(']') - 1)), {} };
    if (equals == std::string_view::npos)
        return { line, {} };

    return { trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)) };
}

/// Most often it is the quotes that are missing: mode = 0660.
std::string quoting_hint(const Meant &meant)
{
    const auto *const of_heap = find(heap_keys(), meant.key);
    const auto *const of_daemon = find(daemon_keys(), meant.key);
    if ((!of_heap && !of_daemon) || meant.value.starts_with('"') || meant.value.starts_with('\''))
        return {};

    const auto example = of_heap ? of_heap->example : of_daemon->example;
    return "; values stand in quotes: " + std::string(meant.key) + " = " + quoted(example);
}

[[noreturn]] void refuse_syntax(std::string_view text, std::string_view file,
                                const toml::parse_error &error)
{
    const toml::source_position at = error.source().begin;
    const Meant meant = meant_by(line_of(text, at.line));
    const bool twice = error.description().contains("cannot redefine");
    const std::string what = twice ? "is given twice" : std::string(error.description());

    const std::string key = is_plain_text(meant.key) ? std::string(meant.key) : quoted(meant.key);
    refuse(file, at, (key.empty() ? "" : key + ": ") + what + quoting_hint(meant));
}

template <class Target>
void write_settings(std::ostream &out, std::span<const Key<Target>> keys, const Target &source)
{
    for (const auto &key : keys)
        if (const auto text = key.get(source))
            out << key.name << " = " << quoted(*text) << '\n';
}

} // namespace

Config from_toml(std::string_view text, std::string_view file)
{
    try {
        return read_config(file, toml::parse(text, file));
    } catch (const toml::parse_error &error) {
        refuse_syntax(text, file, error);
    }
}

Config read_file(const std::string &path)
{
    const auto text = sys::read_text(path.c_str());
    if (!text)
        throw Refused(shown(path) + ": cannot be read: " + std::strerror(text.error().code));

    return from_toml(*text, path);
}

std::string to_toml(const Config &config)
{
    std::ostringstream out;
    write_settings(out, daemon_keys(), config);
    for (const auto &heap : config.heaps) {
        out << "\n[heap." << as_key(heap.name) << "]\n";
        write_settings(out, heap_keys(), heap);
    }
    return out.str();
}

} // namespace dmaheap::config
