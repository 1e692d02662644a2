// SPDX-License-Identifier: MIT
#include "core/sys.h"

#include <array>
#include <bit>

#include <fcntl.h>
#include <unistd.h>

#include <linux/memfd.h>
#include <sys/mman.h>

namespace dmaheap::sys {

namespace {

constexpr std::size_t kLargestText = std::size_t{ 1 } << 20;

Result<UniqueFd> owned(const char *step, int returned)
{
    if (auto fd = check(step, returned); !fd)
        return std::unexpected(fd.error());

    return UniqueFd(returned);
}

Result<UniqueFd> sized_memfd(const char *name, Bytes size, unsigned flags)
{
    auto file =
        owned("memfd_create", ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags));
    if (!file || size == 0)
        return file;

    if (auto grown = check("ftruncate", ::ftruncate(file->get(), static_cast<off_t>(size))); !grown)
        return std::unexpected(grown.error());

    return file;
}

} // namespace

Result<UniqueFd> open(const char *path, int flags, mode_t mode)
{
    return open_at(AT_FDCWD, path, flags, mode);
}

Result<UniqueFd> open_at(int directory, const char *path, int flags, mode_t mode)
{
    return owned("open", ::openat(directory, path, flags | O_CLOEXEC, mode));
}

Result<UniqueFd> duplicate(int fd)
{
    return owned("dup", ::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

Result<UniqueFd> memfd(const char *name, Bytes size)
{
    return sized_memfd(name, size, 0);
}

Result<UniqueFd> huge_memfd(const char *name, Bytes size, Bytes page)
{
    const auto shift = static_cast<unsigned>(std::countr_zero(page));
    return sized_memfd(name, size, MFD_HUGETLB | shift << MFD_HUGE_SHIFT);
}

Status add_seals(int memfd, int seals)
{
    return check_done("F_ADD_SEALS", ::fcntl(memfd, F_ADD_SEALS, seals));
}

Result<std::string> read_text(const char *path)
{
    auto file = open(path, O_RDONLY);
    if (!file)
        return std::unexpected(file.error());

    std::string text;
    std::array<char, 4096> block{};
    while (text.size() <= kLargestText) {
        const auto got = check("read", ::read(file->get(), block.data(), block.size()));
        if (!got)
            return std::unexpected(got.error());
        if (*got == 0)
            return text;
        text.append(block.data(), static_cast<std::size_t>(*got));
    }
    return failure(EFBIG, "read");
}

Status write_text(const char *path, const std::string &text)
{
    auto file = open(path, O_WRONLY);
    if (!file)
        return std::unexpected(file.error());

    return check_done("write", ::write(file->get(), text.data(), text.size()));
}

} // namespace dmaheap::sys
