// SPDX-License-Identifier: MIT
#include <array>

#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_values.h"

namespace dmaheap::config {

namespace {

constexpr std::array kPages{ Word{ "4KiB", Bytes{ 4 } << 10 }, Word{ "2MiB", Bytes{ 2 } << 20 },
                             Word{ "1GiB", Bytes{ 1 } << 30 } };

constexpr std::array kHugePages{ Word{ "existing", HugePages::existing },
                                 Word{ "reserve", HugePages::reserve } };

constexpr Bytes kPage = 4096;

Accepted set_file(Region &region, std::string_view text)
{
    if (!text.starts_with('/'))
        return wrong(text, "is not an absolute path, such as \"/dev/shm/window\"");
    if (!is_plain_text(text))
        return wrong(text, "holds control characters or is not UTF-8");

    region.file = text;
    return {};
}

constexpr std::array kRegionKeys{
    Key<Region>{ "size", "SIZE", "64MiB", "how much memory is set aside",
                 set_size<&Region::size, kPage>, get_size<&Region::size> },
    Key<Region>{ "pages", "4KiB|2MiB|1GiB", "2MiB", "of which size; ordinary ones when left away",
                 set_word<&Region::pages, kPages>, get_word<&Region::pages, kPages> },
    Key<Region>{ "hugepages", "existing|reserve", "existing",
                 "reserve: ask the kernel for those that it lacks",
                 set_word<&Region::huge_pages, kHugePages>,
                 get_word<&Region::huge_pages, kHugePages> },
    Key<Region>{ "file", "PATH", "/dev/shm/window",
                 "of tmpfs, hugetlbfs or DAX: memory for heaps of policy carveout", set_file,
                 get_text<&Region::file> },
};

} // namespace

std::span<const Key<Region>> region_keys()
{
    return kRegionKeys;
}

Accepted set_region_name(Region &region, std::string_view name)
{
    if (name.empty())
        return wrong(name, "is empty: a region needs a name");
    if (!is_plain_text(name))
        return wrong(name, "holds control characters or is not UTF-8");

    region.name = name;
    return {};
}

} // namespace dmaheap::config
