// SPDX-License-Identifier: MIT
#include "cuse/buffer_ioctl.h"

#include <array>
#include <cstring>

#include "cuse/delivery/remote_memory.h"
#include "cuse/uapi/dma_buf.h"

namespace dmaheap::cuse {

namespace {

/// dma_buf_set_name(): the caller's string, of which the kernel has copied no more than the command
/// says, is to end within DMA_BUF_NAME_LEN bytes.
Status check_name(pid_t thread, std::uint64_t argument)
{
    std::array<std::byte, uapi::kDmaBufNameLength> name{};
    const auto size =
        delivery::RemoteMemory(thread).read_some(delivery::RemoteAddress{ argument }, name);
    if (!size)
        return std::unexpected(size.error());

    if (std::memchr(name.data(), 0, *size))
        return {};
    return failure(*size == name.size() ? EINVAL : EFAULT, "name of a buffer");
}

Status check_sync(std::span<const std::byte> in)
{
    return uapi::valid_sync(uapi::decode<dma_buf_sync>(in).flags)
               ? Status()
               : failure(EINVAL, "flags of SYNC");
}

/// A buffer file has no fences to export or to import.
Status check_sync_file(std::uint32_t command, std::span<const std::byte> in)
{
    if (!uapi::valid_sync_file(uapi::decode<uapi::DmaBufSyncFile>(in).flags))
        return failure(EINVAL, "flags of a sync file");

    return failure(command == uapi::kDmaBufExportSyncFile ? ENOTTY : EINVAL, "sync file");
}

} // namespace

Status dma_buf_ioctl(pid_t thread, std::uint32_t command, std::uint64_t argument,
                     std::span<const std::byte> in)
{
    switch (command) {
    case uapi::kDmaBufSync:
        return check_sync(in);
    case uapi::kDmaBufSetNameA:
    case uapi::kDmaBufSetNameB:
        return check_name(thread, argument);
    case uapi::kDmaBufExportSyncFile:
    case uapi::kDmaBufImportSyncFile:
        return check_sync_file(command, in);
    default:
        return failure(ENOTTY, "ioctl of a buffer");
    }
}

} // namespace dmaheap::cuse
