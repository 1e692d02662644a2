// SPDX-License-Identifier: MIT
#include "cuse/passthrough.h"

#include <cstddef>
#include <cstring>
#include <utility>

#include <linux/fuse.h>
#include <sys/ioctl.h>

#include "core/sys.h"

namespace dmaheap::cuse {

namespace {

// From linux/fuse.h of 6.9, which Debian 12 does not have.
struct BackingMap {
    std::int32_t fd;
    std::uint32_t flags;
    std::uint64_t padding;
};
constexpr unsigned long kBackingOpen = _IOW(229, 1, BackingMap);
constexpr unsigned long kBackingClose = _IOW(229, 2, std::uint32_t);
constexpr std::uint32_t kInitExt = 1U << 30;            // FUSE_INIT_EXT
constexpr std::uint32_t kPassthroughInFlags2 = 1U << 5; // FUSE_PASSTHROUGH, bit 37
constexpr std::uint32_t kOpenPassthrough = 1U << 7;     // FOPEN_PASSTHROUGH

// Offsets in struct fuse_init_out and struct fuse_open_out.
constexpr std::size_t kInitFlags = 12;
constexpr std::size_t kInitFlags2 = 32;
constexpr std::size_t kInitMaxStackDepth = 36;
constexpr std::size_t kInitSize = 64;
constexpr std::size_t kOpenFlags = 8;
constexpr std::size_t kOpenBacking = 12;
static_assert(sizeof(fuse_init_out) == kInitSize && sizeof(fuse_open_out) == 16);
static_assert(offsetof(fuse_init_out, flags) == kInitFlags);
static_assert(offsetof(fuse_open_out, open_flags) == kOpenFlags);

std::uint32_t get(const iovec &body, std::size_t at)
{
    std::uint32_t value = 0;
    std::memcpy(&value, static_cast<const std::byte *>(body.iov_base) + at, sizeof value);
    return value;
}

void set(iovec &body, std::size_t at, std::uint32_t value)
{
    std::memcpy(static_cast<std::byte *>(body.iov_base) + at, &value, sizeof value);
}

void ask_for_passthrough(iovec &init)
{
    set(init, kInitFlags, get(init, kInitFlags) | kInitExt);
    set(init, kInitFlags2, get(init, kInitFlags2) | kPassthroughInFlags2);
    set(init, kInitMaxStackDepth, 1);
}

void name_backing(iovec &open, std::int32_t backing)
{
    set(open, kOpenFlags, get(open, kOpenFlags) | kOpenPassthrough);
    set(open, kOpenBacking, static_cast<std::uint32_t>(backing));
}

} // namespace

ssize_t Passthrough::write_reply(std::span<iovec> reply)
{
    if (!wanted_)
        return ::writev(channel_, reply.data(), static_cast<int>(reply.size()));

    const bool first = !std::exchange(initialized_, true);
    if (reply.size() == 2 && first && reply[1].iov_len == kInitSize)
        ask_for_passthrough(reply[1]);
    else if (reply.size() == 2 && next_ != 0 && reply[1].iov_len == sizeof(fuse_open_out))
        name_backing(reply[1], std::exchange(next_, 0));

    const ssize_t written = ::writev(channel_, reply.data(), static_cast<int>(reply.size()));
    if (first)
        probe();
    return written;
}

/// Backs nothing by an empty file, to see whether that is allowed.
void Passthrough::probe()
{
    const auto file = sys::memfd("dmaheapd-probe", 0);
    const auto backing = file ? back_next_open(file->get()) : failure(ENOMEM, "probe");
    available_ = backing.has_value();
    if (backing)
        close_backing(std::exchange(next_, 0));
}

Result<std::int32_t> Passthrough::back_next_open(int file)
{
    if (!wanted_)
        return failure(EOPNOTSUPP, "passthrough");

    const BackingMap map{ .fd = file, .flags = 0, .padding = 0 };
    const auto backing = check("FUSE_DEV_IOC_BACKING_OPEN", ::ioctl(channel_, kBackingOpen, &map));
    if (backing)
        next_ = *backing;
    return backing;
}

void Passthrough::close_backing(std::int32_t backing) const
{
    ::ioctl(channel_, kBackingClose, &backing);
}

} // namespace dmaheap::cuse
