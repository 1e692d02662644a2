// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/config_file.h"

#include <cstring>
#include <sstream>
#include <vector>

#include "core/sys.h"
#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_limits.h"
#include "tools/dmaheapd/config_table.h"
#include "tools/dmaheapd/config_text.h"
#include "tools/dmaheapd/ion_tables.h"

namespace dmaheap::config {

namespace {

Limits read_limits(const Scope &scope, const toml::table &table)
{
    Limits limits;
    for (const auto &entry : in_order_of_text(table))
        read_setting(scope, entry, limits_keys(), names_of(limits_keys()), limits);
    return limits;
}

Config read_config(std::string_view file, const toml::table &root)
{
    const Scope scope{ file, "" };
    auto known = names_of(daemon_keys());
    known.insert(known.end(), { "limits", "region", "heap", "ion" });

    Config config;
    for (const auto &entry : in_order_of_text(root)) {
        if (entry.name == "limits")
            config.limits = read_limits({ file, "limits." }, table_of(scope, entry, "[limits]"));
        else if (entry.name == "ion")
            config.ion = read_ion(scope, entry);
        else if (entry.name == "heap")
            for (const auto &named : in_order_of_text(table_of(scope, entry, "[heap.NAME]")))
                config.heaps.push_back(read_named({ file, "heap." }, named, heap_keys(),
                                                  set_heap_name, config.origins));
        else if (entry.name == "region")
            for (const auto &named : in_order_of_text(table_of(scope, entry, "[region.NAME]")))
                config.regions.push_back(read_named({ file, "region." }, named, region_keys(),
                                                    set_region_name, config.origins));
        else
            read_setting(scope, entry, daemon_keys(), known, config);
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

/// Of any key of that name; empty when there is none.
std::string_view example_of(std::string_view name)
{
    if (const auto *const of_heap = find(heap_keys(), name))
        return of_heap->example;
    if (const auto *const of_region = find(region_keys(), name))
        return of_region->example;
    const auto *const of_daemon = find(daemon_keys(), name);
    return of_daemon ? of_daemon->example : std::string_view();
}

/// Most often it is the quotes that are missing: mode = 0660.
std::string quoting_hint(const Meant &meant)
{
    const std::string_view example = example_of(meant.key);
    if (example.empty() || meant.value.starts_with('"') || meant.value.starts_with('\''))
        return {};

    return "; values stand in quotes: " + std::string(meant.key) + " = " + in_quotes(example);
}

[[noreturn]] void refuse_syntax(std::string_view text, std::string_view file,
                                const toml::parse_error &error)
{
    const toml::source_position at = error.source().begin;
    const Meant meant = meant_by(line_of(text, at.line));
    const bool twice = error.description().contains("cannot redefine");
    const std::string what = twice ? "is given twice" : std::string(error.description());

    const std::string key =
        is_plain_text(meant.key) ? std::string(meant.key) : in_quotes(meant.key);
    refuse(file, at, (key.empty() ? "" : key + ": ") + what + quoting_hint(meant));
}

/// Lines as a TOML array.
std::string as_list(const std::string &lines)
{
    std::istringstream in(lines);
    std::string list;
    for (std::string line; std::getline(in, line);)
        list.append(list.empty() ? "[" : ", ").append(in_quotes(line));
    return list + "]";
}

template <class Target>
void write_settings(std::ostream &out, std::span<const Key<Target>> keys, const Target &source)
{
    for (const auto &key : keys)
        if (const auto text = key.get(source))
            out << key.name << " = " << (key.kind == Kind::list ? as_list(*text) : in_quotes(*text))
                << '\n';
}

template <class Target>
void write_tables(std::ostream &out, std::string_view kind, std::span<const Key<Target>> keys,
                  const std::vector<Target> &sources)
{
    for (const auto &source : sources) {
        out << "\n[" << kind << '.' << as_key(source.name) << "]\n";
        write_settings(out, keys, source);
    }
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
    if (config.limits != Limits{}) {
        out << "\n[limits]\n";
        write_settings(out, limits_keys(), config.limits);
    }
    write_tables(out, "region", region_keys(), config.regions);
    write_tables(out, "heap", heap_keys(), config.heaps);
    write_ion(out, config.ion);
    return out.str();
}

} // namespace dmaheap::config
