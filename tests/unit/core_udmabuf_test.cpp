// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/heap.h"
#include "core/sys.h"
#include "core/udmabuf.h"
#include "tests/support/catch.h"
#include "tests/unit/support/skip.h"

using namespace dmaheap;

namespace {

constexpr const char *kSizeLimit = "/sys/module/udmabuf/parameters/size_limit_mb";

std::unique_ptr<UdmabufExporter> exporter_or_skip(std::function<void()> on_live)
{
    if (::access("/dev/udmabuf", R_OK | W_OK) == -1)
        test::skip_program(std::string("/dev/udmabuf: ") + std::strerror(errno));

    auto exporter = UdmabufExporter::open(std::move(on_live));
    REQUIRE(exporter);
    return *std::move(exporter);
}

struct Fixture {
    Fixture() { ledger.set_limit("heap", machine_memory()); }

    [[nodiscard]] Buffer buffer(Bytes size)
    {
        return { *ledger.charge("heap", size, Owner{ .process = 1, .user = 0 }),
                 Memory(
                     Extent{ .file = *sys::memfd("udmabuf", size), .offset = 0, .size = size }) };
    }

    [[nodiscard]] Ledger::Use use() const { return ledger.accounts().at("heap").use; }

    Ledger ledger;
    int went_live = 0;
    std::unique_ptr<UdmabufExporter> exporter = exporter_or_skip([this] { ++went_live; });
};

/// No descriptor can be made while it lives.
class NoDescriptors {
public:
    NoDescriptors()
    {
        const UniqueFd next(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{ .rlim_cur = static_cast<rlim_t>(next.get()),
                           .rlim_max = before_.rlim_max };
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    NoDescriptors(const NoDescriptors &) = delete;
    NoDescriptors &operator=(const NoDescriptors &) = delete;
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

} // namespace

TEST_CASE_METHOD(Fixture, "udmabuf: makes real dma-bufs over the buffer's memory", "[core]")
{
    Buffer made = buffer(8192);
    const UniqueFd memory = *sys::duplicate(made.memory().extents().front().file.get());

    const auto dma_buf = exporter->export_buffer(std::move(made), O_RDWR);

    REQUIRE(dma_buf);
    CHECK(::lseek(dma_buf->get(), 0, SEEK_END) == 8192);
    CHECK((::fcntl(dma_buf->get(), F_GETFD) & FD_CLOEXEC) != 0);
    dma_buf_sync sync{ .flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
    CHECK(::ioctl(dma_buf->get(), DMA_BUF_IOCTL_SYNC, &sync) == 0);
    void *const mapped = ::mmap(nullptr, 8192, PROT_WRITE, MAP_SHARED, dma_buf->get(), 0);
    REQUIRE(mapped != MAP_FAILED);
    std::memcpy(mapped, "hello", 5);
    std::array<char, 5> seen{};
    CHECK(::pread(memory.get(), seen.data(), seen.size(), 0) == 5);
    CHECK(std::string(seen.data(), 5) == "hello");
    ::munmap(mapped, 8192);
}

TEST_CASE_METHOD(Fixture, "udmabuf: a buffer lives as long as anybody holds it, mapped or open",
                 "[core]")
{
    auto dma_buf = exporter->export_buffer(buffer(4096), O_RDWR);
    REQUIRE(dma_buf);
    UniqueFd copy = *sys::duplicate(dma_buf->get());

    CHECK(exporter->reap());
    dma_buf->reset();
    CHECK(exporter->reap());
    CHECK(use().buffers == 1);
    void *const mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, copy.get(), 0);
    copy.reset();
    CHECK(exporter->reap());
    CHECK(use().buffers == 1);

    ::munmap(mapped, 4096);
    CHECK_FALSE(exporter->reap());
    CHECK(use().buffers == 0);
}

TEST_CASE_METHOD(Fixture, "udmabuf: asks to be reaped when there is a buffer again, not for each",
                 "[core]")
{
    {
        const auto first = exporter->export_buffer(buffer(4096), O_RDWR);
        const auto second = exporter->export_buffer(buffer(4096), O_RDWR);
        REQUIRE((first && second));
        CHECK(went_live == 1);
    }

    CHECK_FALSE(exporter->reap());
    REQUIRE(exporter->export_buffer(buffer(4096), O_RDWR));
    CHECK(went_live == 2);
}

TEST_CASE_METHOD(Fixture, "udmabuf: the module's limit is raised for as long as it is used",
                 "[core]")
{
    if (::access(kSizeLimit, W_OK) == -1)
        return;
    const Bytes raised = std::stoull(*sys::read_text(kSizeLimit)) << 20;

    CHECK(raised >= (machine_memory() >> 20 << 20));
    CHECK(exporter->export_buffer(buffer(Bytes{ 65 } << 20), O_RDWR)); // 64 MiB by default
    exporter.reset();

    CHECK(std::stoull(*sys::read_text(kSizeLimit)) << 20 <= raised);
}

TEST_CASE_METHOD(Fixture, "udmabuf: above the module's limit the error names it", "[core]")
{
    const Bytes limit = std::stoull(*sys::read_text(kSizeLimit)) << 20;
    ledger.set_limit("heap", 2 * limit);

    const auto refused = exporter->export_buffer(buffer(limit + 4096), O_RDWR);

    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ENOMEM);
    CHECK(std::string(refused.error().step).find("size_limit_mb") != std::string::npos);
    CHECK(use().buffers == 0);
}

TEST_CASE_METHOD(Fixture, "udmabuf: what cannot be left to the next one is not counted either",
                 "[core]")
{
    auto estate = exporter->leave_estate(ledger, std::nullopt, {});
    REQUIRE(estate);
    const auto held = exporter->export_buffer(buffer(4096), O_RDWR);
    REQUIRE(held);
    auto earlier = Inheritance::of(*std::move(estate));
    REQUIRE(earlier);
    REQUIRE(earlier->live.size() == 1);
    Ledger next_ledger;
    const auto next = exporter_or_skip([] {});

    const auto left = [&] {
        const NoDescriptors none;
        return next->leave_estate(next_ledger, *std::move(earlier), [](const LiveState::Row &row) {
            return Memory::any_pages(row.size);
        });
    }();

    REQUIRE_FALSE(left);
    CHECK(left.error().code == EMFILE);
    CHECK(next_ledger.account_of_all().use.buffers == 0);
}
