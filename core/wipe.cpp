// SPDX-License-Identifier: MIT
#include "core/wipe.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "core/mapping.h"
#include "core/sys.h"

namespace dmaheap {

namespace {

constexpr std::size_t kBlock = std::size_t{ 256 } << 10;

/// Files of huge pages cannot be written to, only mapped, by whole pages.
Result<bool> is_of_huge_pages(int file)
{
    struct statfs status{};
    if (auto asked = check_done("fstatfs", ::fstatfs(file, &status)); !asked)
        return std::unexpected(asked.error());

    return status.f_type == HUGETLBFS_MAGIC;
}

Status write_zeroes(const Extent &extent)
{
    static constexpr std::array<char, kBlock> kZeroes{};
    for (Bytes done = 0; done < extent.size;) {
        const auto length = std::min<Bytes>(kBlock, extent.size - done);
        const auto written =
            check("write of zeroes", ::pwrite(extent.file.get(), kZeroes.data(), length,
                                              static_cast<off_t>(extent.offset + done)));
        if (!written)
            return std::unexpected(written.error());

        done += static_cast<Bytes>(*written);
    }
    return {};
}

Status clear_mapped(const Extent &extent)
{
    struct stat status{};
    if (auto asked = check_done("fstat", ::fstat(extent.file.get(), &status)); !asked)
        return std::unexpected(asked.error());

    const auto page = static_cast<Bytes>(status.st_blksize);
    const Bytes end = extent.offset + extent.size;
    for (Bytes at = extent.offset; at < end;) {
        const Bytes start = at / page * page;
        const Bytes stop = std::min(end, start + page);
        auto mapping = Mapping::shared(extent.file.get(), start, page);
        if (!mapping)
            return std::unexpected(mapping.error());

        std::memset(mapping->data() + (at - start), 0, stop - at);
        at = stop;
    }
    return {};
}

/// A new file in the place of one that can no longer be written to.
Status renew_extent(Memory &memory, std::size_t at)
{
    const Extent &extent = memory.extents()[at];
    struct stat status{};
    if (::fstat(extent.file.get(), &status) == -1 || extent.offset != 0 ||
        static_cast<Bytes>(status.st_size) != extent.size)
        return failure(EPERM, "memory that is a part of a file, for which there can be no other");

    auto file = sys::memfd("dmaheapd-buffer", extent.size);
    if (!file)
        return std::unexpected(file.error());

    memory.replace(at, *std::move(file));
    return write_zeroes(memory.extents()[at]);
}

} // namespace

Status wipe(Memory &memory)
{
    for (std::size_t at = 0; at < memory.extents().size(); ++at) {
        const Extent &extent = memory.extents()[at];
        const auto huge = is_of_huge_pages(extent.file.get());
        if (!huge)
            return std::unexpected(huge.error());

        Status wiped = *huge ? clear_mapped(extent) : write_zeroes(extent);
        if (!wiped && wiped.error().code == EPERM)
            wiped = renew_extent(memory, at);
        if (!wiped)
            return wiped;
    }
    return {};
}

Status renew(Memory &memory)
{
    for (std::size_t at = 0; at < memory.extents().size(); ++at)
        if (auto renewed = renew_extent(memory, at); !renewed)
            return renewed;
    return {};
}

} // namespace dmaheap
