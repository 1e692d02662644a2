// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <linux/dma-buf.h>

#include "cuse/uapi/command.h"

namespace dmaheap::uapi {

constexpr std::uint32_t kDmaBufSync = DMA_BUF_IOCTL_SYNC;
constexpr std::uint32_t kDmaBufSetNameA = DMA_BUF_SET_NAME_A;
constexpr std::uint32_t kDmaBufSetNameB = DMA_BUF_SET_NAME_B;
constexpr std::uint32_t kDmaBufExportSyncFile = 0xc0086202; // not in the headers before Linux 6.0
constexpr std::uint32_t kDmaBufImportSyncFile = 0x40086203;
static_assert(kDmaBufSync == 0x40086200);
static_assert(kDmaBufSetNameA == 0x40046201 && kDmaBufSetNameB == 0x40086201);

/// The argument of EXPORT_SYNC_FILE and IMPORT_SYNC_FILE.
struct DmaBufSyncFile {
    std::uint32_t flags;
    std::int32_t fd;
};
static_assert(sizeof(DmaBufSyncFile) == 8);

/// DMA_BUF_NAME_LEN: a name and its terminating NUL.
constexpr std::size_t kDmaBufNameLength = 32;

/// Whether dma_buf_ioctl() accepts these flags of SYNC: a direction, and perhaps END.
constexpr bool valid_sync(std::uint64_t flags)
{
    return (flags & ~std::uint64_t{ DMA_BUF_SYNC_VALID_FLAGS_MASK }) == 0 &&
           (flags & DMA_BUF_SYNC_RW) != 0;
}

/// Whether dma_buf_export_sync_file() and dma_buf_import_sync_file() accept these flags.
constexpr bool valid_sync_file(std::uint32_t flags)
{
    return flags != 0 && (flags & ~std::uint32_t{ DMA_BUF_SYNC_RW }) == 0;
}

} // namespace dmaheap::uapi
