// SPDX-License-Identifier: MIT
#include <array>
#include <cstring>
#include <string>

#include <unistd.h>

#include <sys/mman.h>

#include "cuse/buffer_ioctl.h"
#include "cuse/uapi/dma_buf.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace dmaheap::cuse;

namespace {

constexpr std::size_t kPage = 4096;

/// A client's memory: a page that is there, and one behind it that is not.
struct Client {
    Client()
        : page(static_cast<char *>(::mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)))
    {
        ::munmap(page + kPage, kPage);
        std::memset(page, 'x', kPage);
    }
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client() { ::munmap(page, kPage); }

    /// The errno of an ioctl with this argument; 0 when there is none.
    template <class Struct>
    [[nodiscard]] static int ask(std::uint32_t command, const Struct &argument)
    {
        const auto done =
            dma_buf_ioctl(::gettid(), command, 0, std::as_bytes(std::span(&argument, 1)));
        return done ? 0 : done.error().code;
    }

    /// The same for a name that stands at an address.
    [[nodiscard]] static int name(std::uint32_t command, const char *at)
    {
        const auto done =
            dma_buf_ioctl(::gettid(), command, reinterpret_cast<std::uintptr_t>(at), {});
        return done ? 0 : done.error().code;
    }

    char *page;
};

} // namespace

TEST_CASE("buffer_ioctl: SYNC has nothing to do, but its flags are checked", "[cuse]")
{
    for (const std::uint64_t flags : { 1U, 2U, 3U, 5U, 6U, 7U })
        CHECK(Client::ask(uapi::kDmaBufSync, dma_buf_sync{ .flags = flags }) == 0);
    for (const std::uint64_t flags : { 0ULL, 4ULL, 8ULL, 1ULL | 1ULL << 63 })
        CHECK(Client::ask(uapi::kDmaBufSync, dma_buf_sync{ .flags = flags }) == EINVAL);
}

TEST_CASE_METHOD(Client, "buffer_ioctl: a name has up to 31 characters", "[cuse]")
{
    const std::uint32_t command = GENERATE(uapi::kDmaBufSetNameA, uapi::kDmaBufSetNameB);

    CHECK(name(command, "") == 0);
    CHECK(name(command, "a name") == 0);
    CHECK(name(command, std::string(31, 'x').c_str()) == 0);
    CHECK(name(command, std::string(32, 'x').c_str()) == EINVAL);
    CHECK(name(command, std::string(5000, 'x').c_str()) == EINVAL);
}

TEST_CASE_METHOD(Client,
                 "buffer_ioctl: a name that cannot be read is a fault, unless it ends first",
                 "[cuse]")
{
    const std::uint32_t command = GENERATE(uapi::kDmaBufSetNameA, uapi::kDmaBufSetNameB);

    CHECK(name(command, nullptr) == EFAULT);
    CHECK(name(command, page + kPage) == EFAULT);
    CHECK(name(command, page + kPage - 10) == EFAULT);
    page[kPage - 1] = '\0';
    CHECK(name(command, page + kPage - 10) == 0);
    CHECK(name(command, page + kPage - 32) == 0);
    CHECK(name(command, page + kPage - 33) == EINVAL);
}

TEST_CASE("buffer_ioctl: there are no fences, after the flags have been checked", "[cuse]")
{
    for (const std::uint32_t flags : { 0U, 4U, 8U }) {
        const uapi::DmaBufSyncFile wrong{ .flags = flags, .fd = 0 };
        CHECK(Client::ask(uapi::kDmaBufExportSyncFile, wrong) == EINVAL);
        CHECK(Client::ask(uapi::kDmaBufImportSyncFile, wrong) == EINVAL);
    }
    for (const std::uint32_t flags : { 1U, 2U, 3U }) {
        const uapi::DmaBufSyncFile right{ .flags = flags, .fd = 0 };
        CHECK(Client::ask(uapi::kDmaBufExportSyncFile, right) == ENOTTY);
        CHECK(Client::ask(uapi::kDmaBufImportSyncFile, right) == EINVAL);
    }
}

TEST_CASE("buffer_ioctl: everything else is ENOTTY", "[cuse]")
{
    for (const std::uint32_t command : { 0x5401U, 0x541bU, 0x40086300U, 0xc0184800U, 0U, ~0U })
        CHECK(Client::ask(command, std::uint64_t{ 1 }) == ENOTTY);
}
