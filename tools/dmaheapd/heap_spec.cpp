// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/heap_spec.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_text.h"

namespace dmaheap::config {

namespace {

using Halves = std::pair<std::string_view, std::optional<std::string_view>>;

/// What stands before and after the first `mark`.
Halves split(std::string_view text, char mark)
{
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos)
        return { text, std::nullopt };

    return { text.substr(0, at), text.substr(at + 1) };
}

Halves whole(std::string_view text)
{
    return { text, std::nullopt };
}

[[noreturn]] void refuse(std::string_view spec, std::string_view what)
{
    throw Refused("--heap: " + in_quotes(spec).append(": ").append(what) +
                  "; the form is NAME[=POLICY[,KEY=VALUE]...]");
}

void set(std::string_view spec, Heap &heap, std::string_view name, std::string_view value)
{
    const auto *const key = find(heap_keys(), name);
    if (!key) {
        const auto known = names_of(heap_keys());
        refuse(spec, "unknown key " + in_quotes(name) + suggestion(name, known) +
                         ", there are: " + listed(known));
    }

    for (std::optional<std::string_view> rest = value; rest;) {
        const auto [one, others] = key->kind == Kind::list ? split(*rest, '+') : whole(*rest);
        if (const auto accepted = key->set(heap, one); !accepted)
            refuse(spec, std::string(name) + ": " + accepted.error());
        rest = others;
    }
}

void set_once(std::string_view spec, Heap &heap, std::string_view setting,
              std::vector<std::string_view> &given)
{
    const auto [name, value] = split(setting, '=');
    if (!value)
        refuse(spec, in_quotes(setting) + " is not KEY=VALUE");
    if (std::ranges::find(given, name) != given.end())
        refuse(spec, std::string(name) + ": is given twice");

    set(spec, heap, name, *value);
    given.push_back(name);
}

/// "system,mode=0660", whose name is "system,mode", as "linux,cma" is one.
void expect_policy(std::string_view spec, std::string_view name, std::string_view rest)
{
    const std::size_t comma = name.rfind(',');
    if (comma == std::string_view::npos || !find(heap_keys(), name.substr(comma + 1)))
        return;

    std::string meant(name.substr(0, comma));
    meant.append("=system").append(name.substr(comma)).append("=").append(rest);
    refuse(spec, "the policy comes before the keys, as in " + in_quotes(meant));
}

} // namespace

Heap parse_heap_spec(std::string_view spec)
{
    const auto [name, rest] = split(spec, '=');
    Heap heap;
    if (const auto accepted = set_heap_name(heap, name); !accepted)
        refuse(spec, "the name " + accepted.error());
    if (!rest)
        return heap;

    auto [policy, settings] = split(*rest, ',');
    if (!find(heap_keys(), "policy")->set(heap, policy))
        expect_policy(spec, name, *rest);
    set(spec, heap, "policy", policy);
    std::vector<std::string_view> given{ "policy" };
    while (settings) {
        const auto [setting, others] = split(*settings, ',');
        set_once(spec, heap, setting, given);
        settings = others;
    }
    return heap;
}

std::vector<Heap> default_heaps()
{
    return { parse_heap_spec("system=system,on-conflict=skip"),
             parse_heap_spec("linux,cma=contiguous,on-conflict=skip,"
                             "aliases=reserved+default_cma_region") };
}

} // namespace dmaheap::config
