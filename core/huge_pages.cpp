// SPDX-License-Identifier: MIT
#include "core/huge_pages.h"

#include <algorithm>
#include <charconv>
#include <string>

#include <unistd.h>

#include "core/sys.h"

namespace dmaheap::huge_pages {

namespace {

constexpr unsigned kKiB = 10;

std::string folder(Bytes page)
{
    return "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(page >> kKiB) + "kB/";
}

Result<std::uint64_t> number_in(const std::string &path)
{
    const auto text = sys::read_text(path.c_str());
    if (!text)
        return std::unexpected(text.error());

    std::uint64_t number = 0;
    std::from_chars(text->data(), text->data() + text->size(), number);
    return number;
}

} // namespace

bool exist(Bytes page)
{
    return ::access(folder(page).c_str(), F_OK) == 0;
}

Result<std::uint64_t> available(Bytes page)
{
    const auto free = number_in(folder(page) + "free_hugepages");
    if (!free)
        return free;
    const auto promised = number_in(folder(page) + "resv_hugepages");
    if (!promised)
        return promised;

    return *free - std::min(*free, *promised);
}

Result<std::uint64_t> in_pool(Bytes page)
{
    const auto all = number_in(folder(page) + "nr_hugepages");
    if (!all)
        return all;
    const auto leaving = leaving_pool(page);
    if (!leaving)
        return leaving;

    return *all - std::min(*all, *leaving);
}

Result<std::uint64_t> leaving_pool(Bytes page)
{
    return number_in(folder(page) + "surplus_hugepages");
}

/// A step at a time: others may change the pool too.
Status change_pool(Bytes page, std::int64_t change)
{
    const auto before = in_pool(page);
    if (!before)
        return std::unexpected(before.error());

    const auto after = std::max<std::int64_t>(0, static_cast<std::int64_t>(*before) + change);
    return sys::write_text((folder(page) + "nr_hugepages").c_str(), std::to_string(after));
}

} // namespace dmaheap::huge_pages
