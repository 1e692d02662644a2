// SPDX-License-Identifier: MIT
#include "cuse/delivery/remote_memory.h"

#include <algorithm>
#include <array>

#include <sys/uio.h>

namespace dmaheap::delivery {

namespace {

iovec remote_range(RemoteAddress address, std::size_t size)
{
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the other process
    return { reinterpret_cast<void *>(static_cast<std::uintptr_t>(address)), size };
}

Status whole(const char *step, ssize_t moved, std::size_t wanted)
{
    if (moved < 0)
        return failure(errno, step);
    if (static_cast<std::size_t>(moved) != wanted)
        return failure(EFAULT, step);

    return {};
}

} // namespace

Status RemoteMemory::read(RemoteAddress from, std::span<std::byte> into) const
{
    const iovec here{ into.data(), into.size() };
    const iovec there = remote_range(from, into.size());
    const ssize_t moved = ::process_vm_readv(thread_, &here, 1, &there, 1, 0);
    return whole("process_vm_readv", moved, into.size());
}

Result<std::size_t> RemoteMemory::read_some(RemoteAddress from, std::span<std::byte> into) const
{
    constexpr std::size_t kPage = 4096; // the smallest there is; a transfer stops between ranges
    const iovec here{ into.data(), into.size() };
    const std::size_t first =
        std::min(into.size(), kPage - static_cast<std::uint64_t>(from) % kPage);
    const std::array there{ remote_range(from, first),
                            remote_range(from + first, into.size() - first) };
    const ssize_t moved = ::process_vm_readv(thread_, &here, 1, there.data(), there.size(), 0);
    if (moved < 0)
        return failure(errno, "process_vm_readv");

    return static_cast<std::size_t>(moved);
}

Status RemoteMemory::write(RemoteAddress to, std::span<const std::byte> bytes) const
{
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): an iovec has no const
    const iovec here{ const_cast<std::byte *>(bytes.data()), bytes.size() };
    const iovec there = remote_range(to, bytes.size());
    const ssize_t moved = ::process_vm_writev(thread_, &here, 1, &there, 1, 0);
    return whole("process_vm_writev", moved, bytes.size());
}

} // namespace dmaheap::delivery
