// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/ion_tables.h"

#include <algorithm>
#include <charconv>
#include <ostream>

#include "cuse/ion_heap_types.h"
#include "tools/dmaheapd/ion_keys.h"

namespace dmaheap::config {

namespace {

constexpr std::string_view kIon = "ion";
constexpr std::string_view kHeaps = "heaps";
constexpr std::string_view kId = "id";
constexpr std::string_view kAbiVersion = "abi-version";
constexpr std::string_view kForms = "such as { 0 = \"system\", 4 = \"linux,cma\" } or "
                                    "[ { id = 4, heap = \"linux,cma\", type = \"dma\" } ]";

std::string not_an_id(std::string_view text)
{
    return in_quotes(text) + " is not an id from 0 to " + std::to_string(cuse::kIonHeapIds - 1);
}

/// "0" to "31", in one spelling only: ids are compared as text by TOML.
std::optional<unsigned> parse_id(std::string_view text)
{
    unsigned id = 0;
    const char *const end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, id);
    if (rest != end || status != std::errc() || id >= cuse::kIonHeapIds ||
        std::to_string(id) != text)
        return std::nullopt;

    return id;
}

/// What is said of a heap beside its id.
void read_heap_settings(const Scope &scope, const toml::table &table, bool with_id, IonHeap &heap)
{
    auto known = names_of(ion_heap_keys());
    if (with_id)
        known.push_back(kId);
    for (const Entry &entry : in_order_of_text(table))
        if (!with_id || entry.name != kId)
            read_setting(scope, entry, ion_heap_keys(), known, heap);
}

void add_heap(const Scope &node, const toml::source_position &at, IonHeap heap, Ion &ion)
{
    heap.place.text = node.place(at, kHeaps) + '.' + std::to_string(heap.id);
    if (heap.heap.empty())
        refuse(node.file, at,
               node.table + std::string(kHeaps) + '.' + std::to_string(heap.id) +
                   ".heap: is missing: name the heap that the id stands for");
    if (std::ranges::find(ion.heaps, heap.id, &IonHeap::id) != ion.heaps.end())
        refuse(node.file, at,
               node.table + std::string(kHeaps) + '.' + std::to_string(heap.id) +
                   ": is given twice");
    ion.heaps.push_back(std::move(heap));
}

/// heaps = { 0 = "system", 4 = { heap = "linux,cma", type = "dma" } }
void read_by_id(const Scope &node, const toml::table &heaps, Ion &ion)
{
    const Scope scope{ node.file, node.table + std::string(kHeaps) + '.' };
    for (const Entry &entry : in_order_of_text(heaps)) {
        const auto id = parse_id(entry.name);
        if (!id)
            scope.refuse(entry.key_at, entry.name, not_an_id(entry.name));

        IonHeap heap;
        heap.id = *id;
        if (const auto *const name = entry.value->as_string())
            heap.heap = name->get();
        else if (const auto *const table = entry.value->as_table())
            read_heap_settings({ node.file, scope.table + as_key(entry.name) + '.' }, *table, false,
                               heap);
        else
            scope.refuse(entry.value_at, entry.name,
                         "must be the name of a heap, not: " + type_of(*entry.value));
        add_heap(node, entry.value_at, std::move(heap), ion);
    }
}

unsigned id_in(const Scope &scope, const toml::table &table)
{
    const toml::node *const value = table.get(kId);
    if (!value)
        refuse(scope.file, table.source().begin, scope.table + std::string(kId) + ": is missing");
    const auto *const number = value->as_integer();
    if (!number)
        scope.refuse(value->source().begin, kId, "must be a number, not: " + type_of(*value));

    const auto id = parse_id(std::to_string(number->get()));
    if (!id)
        scope.refuse(value->source().begin, kId, not_an_id(std::to_string(number->get())));
    return *id;
}

/// heaps = [ { id = 4, heap = "linux,cma", type = "dma", name = "ion_cma" } ]
void read_list(const Scope &node, const toml::array &heaps, Ion &ion)
{
    const Scope scope{ node.file, node.table + std::string(kHeaps) + '.' };
    for (const toml::node &value : heaps) {
        const auto *const table = value.as_table();
        if (!table)
            refuse(node.file, value.source().begin,
                   node.table + std::string(kHeaps) + ": must hold tables " + std::string(kForms) +
                       ", not: " + type_of(value));

        IonHeap heap;
        heap.id = id_in(scope, *table);
        read_heap_settings(scope, *table, true, heap);
        add_heap(node, value.source().begin, std::move(heap), ion);
    }
}

void read_heaps(const Scope &node, const Entry &entry, Ion &ion)
{
    if (const auto *const table = entry.value->as_table())
        read_by_id(node, *table, ion);
    else if (const auto *const list = entry.value->as_array())
        read_list(node, *list, ion);
    else
        node.refuse(entry.value_at, entry.name,
                    "must be a table or a list " + std::string(kForms) +
                        ", not: " + type_of(*entry.value));
    if (ion.heaps.empty())
        node.refuse(entry.value_at, entry.name, "names no heap: give one " + std::string(kForms));
}

std::vector<std::string_view> known_keys()
{
    auto known = names_of(ion_keys());
    known.push_back(kHeaps);
    return known;
}

/// A version is a number, whether it stands in quotes or not.
void read_node_setting(const Scope &scope, const Entry &entry, Ion &ion)
{
    const auto *const number = entry.value->as_integer();
    if (entry.name != kAbiVersion || !number)
        return read_setting(scope, entry, ion_keys(), known_keys(), ion);

    const auto *const key = find(ion_keys(), kAbiVersion);
    if (const auto accepted = key->set(ion, std::to_string(number->get())); !accepted)
        scope.refuse(entry.value_at, entry.name, accepted.error());
}

void check_node(const Scope &scope, const toml::source_position &at, const Ion &ion)
{
    if (ion.heaps.empty())
        scope.refuse(at, kHeaps,
                     "is missing: say which heap each id stands for, " + std::string(kForms));
    if (ion.abi == IonAbi::legacy && ion.abi_version)
        scope.refuse(at, kAbiVersion, "only a node with abi = \"modern\" has that command");
}

Ion read_node(const Scope &scope, const toml::source_position &at,
              const std::vector<Entry> &entries, Ion ion)
{
    for (const Entry &entry : entries)
        if (entry.name == kHeaps)
            read_heaps(scope, entry, ion);
        else
            read_node_setting(scope, entry, ion);
    check_node(scope, at, ion);
    return ion;
}

/// Settings of the node itself go to the front, further nodes behind; returns where those begin.
std::size_t sort_out(std::vector<Entry> &entries)
{
    const auto known = known_keys();
    const auto is_setting = [&known](const Entry &entry) {
        return !entry.value->is_table() || std::ranges::find(known, entry.name) != known.end();
    };
    const auto nodes = std::stable_partition(entries.begin(), entries.end(), is_setting);
    return static_cast<std::size_t>(nodes - entries.begin());
}

std::vector<std::string_view> names_of_heaps(const Config &config)
{
    std::vector<std::string_view> names;
    for (const Heap &heap : config.heaps) {
        names.emplace_back(heap.name);
        names.insert(names.end(), heap.aliases.begin(), heap.aliases.end());
    }
    return names;
}

void write_heap(std::ostream &out, const IonHeap &heap)
{
    out << "  { id = " << heap.id;
    for (const auto &key : ion_heap_keys())
        if (const auto text = key.get(heap))
            out << ", " << key.name << " = " << in_quotes(*text);
    out << " },\n";
}

} // namespace

std::vector<Ion> read_ion(const Scope &file, const Entry &entry)
{
    auto entries = in_order_of_text(table_of(file, entry, "[ion]"));
    const std::size_t nodes_at = sort_out(entries);
    const std::vector<Entry> own(entries.begin(),
                                 entries.begin() + static_cast<std::ptrdiff_t>(nodes_at));

    std::vector<Ion> nodes;
    if (!own.empty() || entries.empty())
        nodes.push_back(read_node({ file.file, "ion." }, entry.key_at, own, Ion{}));
    for (const Entry &named : std::span(entries).subspan(nodes_at)) {
        Ion ion;
        const Scope scope{ file.file, "ion." };
        if (const auto accepted = set_ion_name(ion, named.name); !accepted)
            scope.refuse(named.key_at, named.name, accepted.error());
        if (std::ranges::find(nodes, ion.name, &Ion::name) != nodes.end())
            scope.refuse(named.key_at, named.name, "is the node of [ion] already");
        nodes.push_back(read_node({ file.file, "ion." + as_key(named.name) + '.' }, named.key_at,
                                  in_order_of_text(*named.value->as_table()), std::move(ion)));
    }
    return nodes;
}

const Heap *heap_called(std::string_view name, const Config &config)
{
    const auto found = std::ranges::find_if(config.heaps, [&](const Heap &heap) {
        return heap.name == name || std::ranges::find(heap.aliases, name) != heap.aliases.end();
    });
    return found == config.heaps.end() ? nullptr : &*found;
}

void check_ion(const Config &config)
{
    const auto names = names_of_heaps(config);
    for (const Ion &ion : config.ion)
        for (const IonHeap &heap : ion.heaps)
            if (!heap_called(heap.heap, config))
                throw Refused(heap.place.text + ": " + in_quotes(heap.heap) + " is no heap" +
                              suggestion(heap.heap, names) + "; heaps: " + listed(names));
}

void write_ion(std::ostream &out, const std::vector<Ion> &nodes)
{
    for (const Ion &ion : nodes) {
        out << "\n[ion";
        if (ion.name != kIon)
            out << '.' << as_key(ion.name);
        out << "]\n";
        for (const auto &key : ion_keys())
            if (const auto text = key.get(ion))
                out << key.name << " = " << in_quotes(*text) << '\n';
        out << kHeaps << " = [\n";
        for (const IonHeap &heap : ion.heaps)
            write_heap(out, heap);
        out << "]\n";
    }
}

} // namespace dmaheap::config
