// SPDX-License-Identifier: MIT
#include "core/pagemap.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"

namespace dmaheap {

namespace {

// Of an entry, see the kernel's admin-guide/mm/pagemap.
constexpr std::uint64_t kPresent = std::uint64_t{ 1 } << 63;
constexpr std::uint64_t kFrame = (std::uint64_t{ 1 } << 55) - 1;

} // namespace

Result<std::vector<std::uint64_t>> physical_addresses(std::byte *start, Bytes size, Bytes step)
{
    const auto pagemap = sys::open("/proc/self/pagemap", O_RDONLY);
    if (!pagemap)
        return std::unexpected(pagemap.error());

    std::vector<std::uint64_t> addresses;
    for (Bytes at = 0; at < size; at += step) {
        volatile std::byte *const touched = start + at;
        *touched = *touched;

        const auto page = (reinterpret_cast<std::uintptr_t>(start) + at) / page_size();
        std::uint64_t entry = 0;
        const auto got = check("read of pagemap", ::pread(pagemap->get(), &entry, sizeof entry,
                                                          static_cast<off_t>(page * sizeof entry)));
        if (!got)
            return std::unexpected(got.error());
        if ((entry & kPresent) == 0 || (entry & kFrame) == 0)
            return failure(EPERM, "physical addresses in pagemap");

        addresses.push_back((entry & kFrame) * page_size());
    }
    return addresses;
}

} // namespace dmaheap
