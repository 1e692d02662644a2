// SPDX-License-Identifier: MIT
#include "core/reservoir.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "core/mapping.h"
#include "core/pagemap.h"
#include "core/sys.h"
#include "core/wipe.h"

namespace dmaheap {

namespace {

constexpr const char *kName = "dmaheapd-region";

/// Takes its pages, zeroed.
Status wipe_part(int file, Range part)
{
    auto another = sys::duplicate(file);
    if (!another)
        return std::unexpected(another.error());

    Memory memory(Extent{ .file = *std::move(another), .offset = part.offset, .size = part.size });
    return wipe(memory);
}

/// What is between these parts of a file.
std::vector<Range> others(std::vector<Range> parts, Bytes size)
{
    std::ranges::sort(parts, {}, &Range::offset);
    std::vector<Range> rest;
    Bytes at = 0;
    for (const Range &part : parts) {
        if (part.offset > at)
            rest.push_back({ .offset = at, .size = std::min(part.offset, size) - at });
        at = std::max(at, std::min(part.offset + part.size, size));
    }
    if (at < size)
        rest.push_back({ .offset = at, .size = size - at });
    return rest;
}

/// The physical address of each page of a file of huge pages. Takes those that it has not got.
Result<std::vector<std::uint64_t>> addresses_of(int file, Bytes size, Bytes page)
{
    auto mapping = Mapping::shared(file, 0, size); // reserves them, so that no access can fail
    if (!mapping)
        return std::unexpected(mapping.error());

    return physical_addresses(mapping->data(), size, page);
}

/// The pages' numbers, by address.
std::vector<std::size_t> by_address(const std::vector<std::uint64_t> &addresses)
{
    std::vector<std::size_t> order(addresses.size());
    std::iota(order.begin(), order.end(), std::size_t{ 0 });
    std::ranges::sort(order, {}, [&](std::size_t page) { return addresses[page]; });
    return order;
}

} // namespace

Result<Reservoir> Reservoir::ordinary(Bytes size)
{
    auto file = sys::memfd(kName, size);
    if (!file)
        return std::unexpected(file.error());

    return of_file(*std::move(file), size);
}

Result<Reservoir> Reservoir::of_file(UniqueFd file, Bytes size)
{
    if (auto taken = wipe_part(file.get(), { .offset = 0, .size = size }); !taken)
        return std::unexpected(taken.error());

    Reservoir reservoir = files_apart(size);
    reservoir.file_ = std::move(file);
    return reservoir;
}

Result<Reservoir> Reservoir::huge(Bytes size, Bytes page)
{
    auto file = sys::huge_memfd(kName, size, page);
    if (!file)
        return std::unexpected(file.error());

    return of_huge_pages(*std::move(file), size, page);
}

Result<Reservoir> Reservoir::of_huge_pages(UniqueFd file, Bytes size, Bytes page)
{
    const auto addresses = addresses_of(file.get(), size, page);
    if (!addresses)
        return std::unexpected(addresses.error());

    Reservoir reservoir;
    reservoir.file_ = std::move(file);
    reservoir.size_ = size;
    reservoir.page_ = page;
    reservoir.contiguous_ = true;
    std::uint64_t next = 0;
    for (const std::size_t number : by_address(*addresses)) {
        if (reservoir.runs_.empty() || (*addresses)[number] != next)
            reservoir.runs_.push_back({ .offset = reservoir.offsets_.size() * page, .size = 0 });
        reservoir.runs_.back().size += page;
        reservoir.offsets_.push_back(number * page);
        next = (*addresses)[number] + page;
    }
    return reservoir;
}

Result<Reservoir> Reservoir::adopt(UniqueFd file, Bytes size, Bytes page, std::vector<Range> kept)
{
    if (!could_adopt(file.get(), size, page))
        return failure(EBADMSG, "file that is no region of this size and these pages");

    for (const Range &rest : others(std::move(kept), size))
        if (auto wiped = wipe_part(file.get(), rest); !wiped)
            return std::unexpected(wiped.error());
    if (page != Extents::kGranule)
        return of_huge_pages(std::move(file), size, page);

    Reservoir reservoir = files_apart(size);
    reservoir.file_ = std::move(file);
    return reservoir;
}

bool Reservoir::could_adopt(int file, Bytes size, Bytes page)
{
    struct stat status{};
    struct statfs system{};
    if (is_named(file) || ::fstat(file, &status) == -1 || ::fstatfs(file, &system) == -1)
        return false;

    const bool huge = system.f_type == HUGETLBFS_MAGIC;
    return static_cast<Bytes>(status.st_size) == size &&
           (huge ? static_cast<Bytes>(status.st_blksize) : Extents::kGranule) == page;
}

Reservoir Reservoir::files_apart(Bytes size)
{
    Reservoir reservoir;
    reservoir.size_ = size;
    reservoir.runs_.push_back({ .offset = 0, .size = size });
    return reservoir;
}

std::vector<Range> Reservoir::locate(Range in_file) const
{
    if (offsets_.empty())
        return { in_file };

    std::vector<Range> parts;
    const Bytes end = in_file.offset + in_file.size;
    for (std::size_t number = 0; number < offsets_.size(); ++number) {
        const Bytes from = std::max(in_file.offset, offsets_[number]);
        const Bytes to = std::min(end, offsets_[number] + page_);
        if (from < to)
            parts.push_back(
                { .offset = number * page_ + (from - offsets_[number]), .size = to - from });
    }
    return parts;
}

Status Reservoir::describe(Range range, std::vector<Extent> &extents) const
{
    if (apart()) {
        auto file = sys::memfd(kName, range.size);
        if (!file)
            return std::unexpected(file.error());

        extents.push_back({ .file = *std::move(file), .offset = 0, .size = range.size });
        return {};
    }
    const Bytes end = range.offset + range.size;
    for (Bytes at = range.offset; at < end;) {
        const Bytes within = at % page_;
        const Bytes length = offsets_.empty() ? range.size : std::min(end - at, page_ - within);
        const Bytes offset = offsets_.empty() ? at : offsets_[at / page_] + within;
        at += length;
        const bool goes_on =
            !extents.empty() && extents.back().offset + extents.back().size == offset;
        if (goes_on) {
            extents.back().size += length;
            continue;
        }
        auto file = sys::duplicate(file_.get());
        if (!file)
            return std::unexpected(file.error());

        extents.push_back({ .file = *std::move(file), .offset = offset, .size = length });
    }
    return {};
}

} // namespace dmaheap
