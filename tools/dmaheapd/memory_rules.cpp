// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/memory_rules.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "policies/catalogue.h"
#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_text.h"

namespace dmaheap::config {

namespace {

constexpr Bytes kOrdinaryPage = 4096;

/// Which policies a setting means something to.
struct Use {
    std::string_view setting;
    std::string_view policies;
};

constexpr std::array kUses{
    Use{ "region", "carveout contiguous reserved" },
    Use{ "guarantee", "carveout contiguous" },
    Use{ "alignment", "carveout contiguous reserved" },
    Use{ "contiguity", "contiguous" },
    Use{ "buffers", "reserved" },
    Use{ "buffer-size", "reserved" },
    Use{ "overflow", "reserved" },
    Use{ "pages", "system" },
    Use{ "cache", "carveout contiguous system" },
};

/// Its pages are what they are.
template <class Refuse>
void check_file(const Refuse &refuse, const Region &region)
{
    if (region.pages)
        refuse("pages", "means nothing to a region that is a file: it has the file's own");
    if (region.huge_pages == HugePages::reserve)
        refuse("hugepages", "means nothing to a region that is a file");
}

void check_region(const Config &config, const Region &region)
{
    const auto refuse = [&](const char *setting, const std::string &what) {
        refuse_setting(config, name_of_table(region), setting, what);
    };
    if (region.file)
        return check_file(refuse, region);
    if (!region.size)
        refuse("size", "is missing: a region needs one, such as \"64MiB\"");
    if (region.huge_pages == HugePages::reserve && page_of(region) == kOrdinaryPage)
        refuse("hugepages", "there are none to reserve for a region of ordinary pages: give it "
                            "pages = \"2MiB\"");
    if (*region.size % page_of(region) != 0)
        refuse("size", in_quotes(format_size(*region.size)) +
                           " is not a whole number of pages of " + format_size(page_of(region)));
}

void check_reserved(const Config &config, const Heap &heap)
{
    if (!heap.buffers)
        refuse_setting(config, name_of_table(heap), "buffers",
                       "is missing: policy reserved needs a number, such as 8");
    if (!heap.buffer_size)
        refuse_setting(config, name_of_table(heap), "buffer-size",
                       "is missing: policy reserved needs a size, such as \"4MiB\"");
    if (*heap.buffer_size > Bytes{ std::numeric_limits<off_t>::max() } / *heap.buffers)
        refuse_setting(config, name_of_table(heap), "buffer-size",
                       std::to_string(*heap.buffers) + " buffers of " +
                           format_size(*heap.buffer_size) + " are more than any machine has");
}

void check_uses(const Config &config, const Heap &heap)
{
    for (const auto &[setting, policies] : kUses)
        if (!policies.contains(heap.policy) && find(heap_keys(), setting)->get(heap))
            refuse_setting(config, name_of_table(heap), std::string(setting),
                           "means nothing to policy " + heap.policy +
                               ", but to: " + std::string(policies));
    if (heap.policy == "reserved")
        check_reserved(config, heap);
}

const Region &required_region(const Config &config, const Heap &heap)
{
    if (const auto *const region = find_region(config, *heap.region))
        return *region;

    std::vector<std::string_view> names;
    names.reserve(config.regions.size());
    for (const Region &region : config.regions)
        names.push_back(region.name);
    refuse_setting(config, name_of_table(heap), "region",
                   "there is no region " + in_quotes(*heap.region) +
                       suggestion(*heap.region, names) +
                       (names.empty() ? "; the config has none" : "; there are: " + listed(names)));
}

void check_policy(const Config &config, const Heap &heap, const Region &region)
{
    if (region.file && heap.policy != "carveout")
        refuse_setting(config, name_of_table(heap), "region",
                       "region " + region.name +
                           " is a file, of which only policy carveout makes "
                           "buffers, not " +
                           heap.policy);
    if (region.file && heap.cache)
        refuse_setting(config, name_of_table(heap), "cache",
                       "means nothing to region " + region.name + ", which is a file");
}

void check_contiguity(const Config &config, const Heap &heap, const Region &region)
{
    if (heap.policy != "contiguous" || heap.contiguity == Contiguity::emulated ||
        page_of(region) != kOrdinaryPage)
        return;

    refuse_setting(config, name_of_table(heap), heap.contiguity ? "contiguity" : "region",
                   "region " + region.name +
                       " has ordinary pages, which are not physically contiguous: give it pages = "
                       "\"2MiB\", or the heap contiguity = \"emulated\" if that will do");
}

void check_without_region(const Config &config, const Heap &heap)
{
    for (const char *const setting : { "guarantee", "overflow" })
        if (const auto given = find(heap_keys(), setting)->get(heap); given && *given != "fail")
            refuse_setting(config, name_of_table(heap), setting,
                           "needs a region that several heaps draw from: give one with region =");
}

void check_guarantees(const Config &config)
{
    std::map<std::string, Bytes> promised;
    for (const Heap &heap : config.heaps) {
        const auto *const region = heap.region ? find_region(config, *heap.region) : nullptr;
        if (!region || !region->size)
            continue;

        const Bytes wanted = set_aside_for(heap);
        Bytes &before = promised[region->name];
        const Bytes left = *region->size - before;
        if (wanted > left)
            refuse_setting(config, name_of_table(heap), heap.guarantee ? "guarantee" : "buffers",
                           format_size(wanted) + " is more than region " + region->name +
                               " has left, which is " + format_size(left) + " of " +
                               format_size(*region->size));
        before += wanted;
    }
}

void check_names(const Config &config)
{
    std::map<std::string, std::string> taken;
    for (const Heap &heap : config.heaps)
        taken.emplace(heap.name, "a heap");
    for (const Heap &heap : config.heaps)
        for (const auto &alias : heap.aliases)
            if (const auto [other, free] = taken.emplace(alias, "an alias of heap " + heap.name);
                !free)
                refuse_setting(config, name_of_table(heap), "aliases",
                               in_quotes(alias) + " is " + other->second + " already");
}

} // namespace

void refuse_setting(const Config &config, const std::string &table, const std::string &setting,
                    const std::string &what)
{
    const auto &places = config.origins.places;
    if (const auto said = places.find(table + "." + setting); said != places.end())
        throw Refused(said->second + ": " + what);

    const auto named = places.find(table);
    throw Refused((named == places.end() ? "--heap: " + table : named->second) + "." + setting +
                  ": " + what);
}

std::string name_of_table(const Heap &heap)
{
    return "heap." + as_key(heap.name);
}

std::string name_of_table(const Region &region)
{
    return "region." + as_key(region.name);
}

const Region *find_region(const Config &config, const std::string &name)
{
    const auto found = std::ranges::find(config.regions, name, &Region::name);
    return found == config.regions.end() ? nullptr : &*found;
}

Bytes set_aside_for(const Heap &heap)
{
    if (heap.policy == "reserved")
        return Bytes{ heap.buffers.value_or(0) } * heap.buffer_size.value_or(0);
    return heap.guarantee.value_or(0);
}

Bytes page_of(const Region &region)
{
    return region.pages.value_or(kOrdinaryPage);
}

void check_memory(const Config &config)
{
    for (const Region &region : config.regions)
        check_region(config, region);
    for (const Heap &heap : config.heaps) {
        check_uses(config, heap);
        if (!heap.region) {
            check_without_region(config, heap);
            continue;
        }
        const Region &region = required_region(config, heap);
        check_policy(config, heap, region);
        check_contiguity(config, heap, region);
    }
    check_guarantees(config);
    check_names(config);
}

} // namespace dmaheap::config
