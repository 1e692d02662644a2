// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/ion_keys.h"

#include <charconv>

#include "cuse/ion_heap_types.h"
#include "tools/dmaheapd/config_text.h"

namespace dmaheap::config {

namespace {

constexpr std::string_view kMode = "mode";
constexpr std::string_view kOwner = "owner";
constexpr std::string_view kGroup = "group";
constexpr std::string_view kOnConflict = "on-conflict";
constexpr std::string_view kTypeForm = "system|system-contig|carveout|chunk|dma|custom";

std::unexpected<std::string> not_accepted(std::string_view text, std::string_view what)
{
    return std::unexpected(in_quotes(text).append(" ").append(what));
}

Accepted set_abi(Ion &ion, std::string_view text)
{
    if (text != "modern" && text != "legacy")
        return not_accepted(text, "is none of: modern, legacy");

    ion.abi = text == "modern" ? IonAbi::modern : IonAbi::legacy;
    return {};
}

std::optional<std::string> get_abi(const Ion &ion)
{
    return ion.abi == IonAbi::modern ? "modern" : "legacy";
}

Accepted set_abi_version(Ion &ion, std::string_view text)
{
    std::uint32_t version = 0;
    const char *const end = text.data() + text.size();
    const auto [rest, status] = std::from_chars(text.data(), end, version);
    if (rest != end || status != std::errc())
        return not_accepted(text, "is not a number such as \"2\"");

    ion.abi_version = version;
    return {};
}

std::optional<std::string> get_abi_version(const Ion &ion)
{
    return ion.abi_version ? std::optional(std::to_string(*ion.abi_version)) : std::nullopt;
}

Heap with_permissions(const Permissions &permissions)
{
    Heap heap;
    static_cast<Permissions &>(heap) = permissions;
    return heap;
}

Accepted set_of_heap(Heap &heap, std::string_view name, std::string_view text)
{
    return find(heap_keys(), name)->set(heap, text);
}

/// One of the permissions: as heaps have it.
template <const std::string_view &Name>
Accepted set_permission(Ion &ion, std::string_view text)
{
    Heap stand_in = with_permissions(ion);
    auto accepted = set_of_heap(stand_in, Name, text);
    static_cast<Permissions &>(ion) = stand_in;
    return accepted;
}

template <const std::string_view &Name>
std::optional<std::string> get_permission(const Ion &ion)
{
    return find(heap_keys(), Name)->get(with_permissions(ion));
}

Accepted set_heap(IonHeap &heap, std::string_view text)
{
    heap.heap = text;
    return {};
}

std::optional<std::string> get_heap(const IonHeap &heap)
{
    return heap.heap;
}

Accepted set_type(IonHeap &heap, std::string_view text)
{
    std::vector<std::string_view> names;
    names.reserve(cuse::kIonHeapTypes.size());
    for (const auto &known : cuse::kIonHeapTypes)
        names.push_back(known.name);
    if (!ion_heap_type(text))
        return not_accepted(text, "is none of: " + listed(names) + suggestion(text, names));

    heap.type = text;
    return {};
}

Accepted set_shown_name(IonHeap &heap, std::string_view text)
{
    if (text.empty() || text.size() > cuse::kLongestIonName)
        return not_accepted(text,
                            "is not 1 to " + std::to_string(cuse::kLongestIonName) + " bytes long");
    if (!is_plain_text(text))
        return not_accepted(text, "holds control characters or is not UTF-8");

    heap.name = text;
    return {};
}

Accepted set_on_conflict(Ion &ion, std::string_view text)
{
    Heap stand_in;
    auto accepted = set_of_heap(stand_in, kOnConflict, text);
    ion.on_conflict = stand_in.on_conflict;
    return accepted;
}

std::optional<std::string> get_on_conflict(const Ion &ion)
{
    Heap stand_in;
    stand_in.on_conflict = ion.on_conflict;
    return find(heap_keys(), kOnConflict)->get(stand_in);
}

template <auto Member>
std::optional<std::string> get_optional(const IonHeap &heap)
{
    return heap.*Member;
}

constexpr std::array kIonKeys{
    Key<Ion>{ "abi", "modern|legacy", "modern",
              "modern: Linux 4.12 to 5.10; legacy: 3.4 to 4.11; modern when left away", set_abi,
              get_abi },
    Key<Ion>{ "abi-version", "NUMBER", "2",
              "what ABI_VERSION answers; there is no such command when left away", set_abi_version,
              get_abi_version },
    Key<Ion>{ kMode, "OCTAL", "0660", "permissions of the node; 0600 when left away",
              set_permission<kMode>, get_permission<kMode> },
    Key<Ion>{ kOwner, "USER", "root", "of the node, by name or number; root when left away",
              set_permission<kOwner>, get_permission<kOwner> },
    Key<Ion>{ kGroup, "GROUP", "video", "of the node, by name or number; root when left away",
              set_permission<kGroup>, get_permission<kGroup> },
    Key<Ion>{ kOnConflict, "fail|skip", "fail",
              "when the node's name is taken already; fail when left away", set_on_conflict,
              get_on_conflict },
};

constexpr std::array kIonHeapKeys{
    Key<IonHeap>{ "heap", "HEAP", "linux,cma", "the heap that the id stands for", set_heap,
                  get_heap },
    Key<IonHeap>{ "type", kTypeForm, "dma", "what HEAP_QUERY tells; the heap's when left away",
                  set_type, get_optional<&IonHeap::type> },
    Key<IonHeap>{ "name", "NAME", "ion_cma", "what HEAP_QUERY tells; the heap's when left away",
                  set_shown_name, get_optional<&IonHeap::name> },
};

} // namespace

std::span<const Key<Ion>> ion_keys()
{
    return kIonKeys;
}

std::span<const Key<IonHeap>> ion_heap_keys()
{
    return kIonHeapKeys;
}

Accepted set_ion_name(Ion &ion, std::string_view name)
{
    Heap stand_in;
    if (auto accepted = set_heap_name(stand_in, name); !accepted)
        return accepted;
    if (name == "dma_heap")
        return not_accepted(name, "is the folder of the heaps");

    ion.name = name;
    return {};
}

std::optional<std::uint32_t> ion_heap_type(std::string_view name)
{
    for (const auto &known : cuse::kIonHeapTypes)
        if (known.name == name)
            return static_cast<std::uint32_t>(known.type);
    return std::nullopt;
}

} // namespace dmaheap::config
