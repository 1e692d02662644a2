// SPDX-License-Identifier: MIT
#include "core/huge_pages.h"

#include <algorithm>
#include <charconv>

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

/// A step at a time: others may change the pool too.
Status change_pool(Bytes page, std::int64_t change)
{
    const std::string path = folder(page) + "nr_hugepages";
    const auto before = number_in(path);
    if (!before)
        return std::unexpected(before.error());

    const auto after = std::max<std::int64_t>(0, static_cast<std::int64_t>(*before) + change);
    return sys::write_text(path.c_str(), std::to_string(after));
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

Loan::~Loan()
{
    if (count_ != 0)
        static_cast<void>(change_pool(page_, -static_cast<std::int64_t>(count_)));
}

Result<Loan> Loan::of(Bytes page, std::uint64_t wanted)
{
    const auto there = available(page);
    if (!there)
        return std::unexpected(there.error());

    Loan loan;
    loan.page_ = page;
    if (*there >= wanted)
        return loan;

    const auto before = number_in(folder(page) + "nr_hugepages");
    if (!before)
        return std::unexpected(before.error());
    const auto lacking = static_cast<std::int64_t>(wanted - *there);
    if (auto grown = change_pool(page, lacking); !grown)
        return std::unexpected(grown.error());

    const auto after = number_in(folder(page) + "nr_hugepages");
    loan.count_ = after.value_or(*before) - std::min(*before, after.value_or(*before));
    if (available(page).value_or(0) < wanted)
        return failure(ENOMEM, "huge pages of this machine");

    return loan;
}

} // namespace dmaheap::huge_pages
