// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "cuse/ion_legacy_device.h"
#include "cuse/node_calls.h"
#include "cuse/uapi/ion_legacy.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tests/unit/support/fake_kernel.h"
#include "tests/unit/support/fakes.h"
#include "tests/unit/support/ion_heaps.h"
#include "tests/unit/support/next_late.h"

using namespace dmaheap;
using test::bytes_of;
using test::FakeExporter;
using test::FakeKernel;
using test::kCma;
using test::KernelReply;
using test::kLimit;
using test::kSystem;
namespace ion = uapi::ion_legacy;

namespace {

constexpr std::array kNoHandles{ 0, -1, 2, 1024, 0x7fffffff, -0x7fffffff - 1 };

ion::Allocation request_of(std::uint64_t length, std::uint32_t mask, std::uint64_t align = 0)
{
    return { .len = length, .align = align, .heap_id_mask = mask, .flags = 0, .handle = -7 };
}

/// Its "dma-bufs" are descriptors of the memory itself, by which it knows them again.
class SharingExporter final : public FakeExporter {
public:
    Result<std::unique_ptr<SharedBuffer>> share(Buffer buffer) override
    {
        return std::make_unique<Hold>(*this, std::make_shared<Buffer>(std::move(buffer)), ++last_);
    }
    Result<std::unique_ptr<SharedBuffer>> find_shared(const FileIdentity &dma_buf) override
    {
        const auto found = shown_.find(dma_buf);
        auto buffer = found == shown_.end() ? nullptr : found->second.second.lock();
        if (!buffer)
            return failure(EINVAL, "fake");
        return std::make_unique<Hold>(*this, std::move(buffer), found->second.first);
    }

private:
    class Hold final : public SharedBuffer {
    public:
        Hold(SharingExporter &home, std::shared_ptr<Buffer> buffer, std::uint64_t id)
            : home_(home), buffer_(std::move(buffer)), id_(id)
        {
        }
        [[nodiscard]] std::uint64_t id() const override { return id_; }
        Result<UniqueFd> export_again() override
        {
            auto fd = sys::duplicate(buffer_->memory().extents().front().file.get());
            REQUIRE(fd);
            home_.shown_[*identity_of(fd->get())] = { id_, buffer_ };
            return fd;
        }

    private:
        SharingExporter &home_;
        std::shared_ptr<Buffer> buffer_;
        std::uint64_t id_;
    };

    std::map<FileIdentity, std::pair<std::uint64_t, std::weak_ptr<Buffer>>> shown_;
    std::uint64_t last_ = 0;
};

/// With a client that is this very thread.
struct Fixture : test::TwoIonHeaps<SharingExporter> {
    Fixture()
    {
        kernel.send_greeting();
        kernel.serve();
        REQUIRE(kernel.take_reply());
    }

    /// The struct is in memory of the client's, unless `argument` is set.
    void send(std::uint32_t command, std::span<const std::byte> in)
    {
        memory.assign(in.begin(), in.end());
        kernel.send_ioctl(command, in, { .thread = thread, .uid = 0, .gid = 0 },
                          argument.value_or(reinterpret_cast<std::uintptr_t>(memory.data())));
        kernel.serve();
    }

    KernelReply ask(std::uint32_t command, std::span<const std::byte> in)
    {
        send(command, in);
        auto reply = kernel.await_reply();
        REQUIRE(reply);
        return *std::move(reply);
    }

    /// What was put off first.
    KernelReply allocate(const ion::Allocation &request)
    {
        return ask(ion::kAlloc, bytes_of(request));
    }
    int new_handle()
    {
        const KernelReply reply = allocate(request_of(5000, kSystem));
        REQUIRE(reply.error == 0);
        return uapi::decode<ion::Allocation>(reply.copied_back()).handle;
    }
    KernelReply ask_pair(std::uint32_t command, int handle, int fd)
    {
        return ask(command, bytes_of(ion::HandleFd{ .handle = handle, .fd = fd }));
    }
    int free(int handle) { return ask(ion::kFree, bytes_of(ion::Handle{ handle })).error; }
    int import(int fd)
    {
        const KernelReply reply = ask_pair(ion::kImport, 0, fd);
        REQUIRE(reply.error == 0);
        return uapi::decode<ion::HandleFd>(reply.copied_back()).handle;
    }
    const UniqueFd &shared(int handle)
    {
        REQUIRE(ask_pair(ion::kShare, handle, -1).error == 0);
        return delivery.delivered.back().buffer;
    }
    std::uint64_t live(const std::string &heap = "system")
    {
        return ledger.accounts().at(heap).use.buffers;
    }

    cuse::IonQuota quota;
    std::vector<std::byte> memory;
    std::optional<std::uint64_t> argument;
    pid_t thread = ::gettid();
    std::uint64_t file = 1;
    bool of_32_bits = false;
    FakeKernel kernel{ [this](fuse_req_t request, std::uint32_t command, void *at, const void *in,
                              std::size_t in_size) {
        cuse::answer_ioctl(device, request, command, at, in, in_size, file,
                           of_32_bits ? FUSE_IOCTL_COMPAT : 0);
    } };
    cuse::Aside aside{ std::chrono::minutes(1) }; // for busy machines; ends before the kernel
    cuse::Later later;
    cuse::IonLegacyDevice device{ "ion",
                                  ion_heaps(),
                                  { .exporter = exporter,
                                    .quota = quota,
                                    .delivery = delivery,
                                    .aside = aside,
                                    .later = later },
                                  on_refusal() };
};

} // namespace

TEST_CASE_METHOD(Fixture, "ion_legacy_device: a handle is told in the struct", "[cuse]")
{
    auto expected = request_of(5000, kSystem);
    expected.flags = 3;

    const KernelReply reply = allocate(expected);

    CHECK(reply.error == 0);
    expected.handle = 1;
    const auto told = uapi::decode<ion::Allocation>(reply.copied_back());
    CHECK(told.handle == 1);
    CHECK(told.len == 5000); // not rounded
    CHECK(told.flags == 3);
    CHECK(std::ranges::equal(memory, reply.copied_back()));
    CHECK(live() == 1);
    CHECK(new_handle() == 2);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: a refusal tells what it was about", "[cuse]")
{
    allowed = {};
    CHECK(allocate(request_of(4096, kCma)).error == EACCES);
    CHECK(free(7) == EINVAL);
    CHECK(ask_pair(ion::kShare, -8, 3).error == EINVAL);
    CHECK(ask_pair(ion::kMap, 9, 3).error == EINVAL);
    CHECK(ask_pair(ion::kImport, 9, -1).error == EBADF);
    CHECK(ask_pair(ion::kSync, 9, -2).error == EBADF);

    CHECK(refused == std::vector<std::string>{ "heap_id_mask 0x10; not permitted: 4 (linux,cma)",
                                               "handle 7", "handle -8", "handle 9", "fd -1",
                                               "fd -2" });
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: programs of 32 bits have their own ALLOC", "[cuse]")
{
    of_32_bits = true;
    const ion::Allocation32 request{
        .len = 5000, .align = 0, .heap_id_mask = kSystem, .flags = 0, .handle = -7
    };

    const KernelReply reply = ask(ion::kAlloc32, bytes_of(request));

    CHECK(reply.error == 0);
    CHECK(uapi::decode<ion::Allocation32>(reply.copied_back()).handle == 1);
    CHECK(allocate(request_of(5000, kSystem)).error == ENOTTY);
    of_32_bits = false;
    CHECK(ask(ion::kAlloc32, bytes_of(request)).error == ENOTTY);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: what ALLOC refuses, in the kernel's order", "[cuse]")
{
    CHECK(allocate(request_of(0, 0)).error == EINVAL);
    CHECK(allocate(request_of(~0ULL, kSystem)).error == EINVAL);
    CHECK(allocate(request_of(4096, 0, 8192)).error == ENODEV);
    CHECK(allocate(request_of(4096, 2)).error == ENODEV);
    CHECK(allocate(request_of(4096, kSystem, 4097)).error == EINVAL);
    CHECK(allocate(request_of(1ULL << 62, kSystem, 8192)).error == EINVAL);
    CHECK(allocate(request_of(1ULL << 62, kSystem)).error == ENOMEM);
    CHECK(allocate(request_of(2 * kLimit, kSystem)).error == ENOMEM);

    CHECK(live() == 0);
    CHECK(allocate(request_of(4096, kSystem, 4096)).error == 0);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: no handle is left that cannot be told", "[cuse]")
{
    argument = 8;
    CHECK(allocate(request_of(5000, kSystem)).error == EFAULT);
    CHECK(live() == 0);

    argument.reset();
    CHECK(new_handle() == 1);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: heaps are tried by descending id", "[cuse]")
{
    CHECK(allocate(request_of(4096, ~0U)).error == 0);
    CHECK(live("linux,cma") == 1);

    ledger.set_limit("linux,cma", 4096);
    CHECK(allocate(request_of(8192, ~0U)).error == 0);
    CHECK(live("system") == 1);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: heaps that the caller may not open are skipped",
                 "[cuse]")
{
    allowed = { "system" };
    CHECK(allocate(request_of(4096, kSystem | kCma)).error == 0);
    CHECK(live("system") == 1);

    CHECK(allocate(request_of(4096, kCma)).error == EACCES);
    CHECK(allocate(request_of(2 * kLimit, ~0U)).error == ENOMEM);
    allowed = {};
    CHECK(allocate(request_of(4096, ~0U)).error == EACCES);
    CHECK(allocate(request_of(4096, 2)).error == ENODEV);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: SHARE and MAP deliver a descriptor each time",
                 "[cuse]")
{
    const int handle = new_handle();

    for (const std::uint32_t command : { ion::kShare, ion::kMap, ion::kShare })
        CHECK(ask_pair(command, handle, -1).error == 0);

    REQUIRE(delivery.delivered.size() == 3);
    for (const auto &delivered : delivery.delivered) {
        CHECK(delivered.answer.fd_at == 4U);
        CHECK(delivered.answer.close_on_exec);
        CHECK(uapi::decode<ion::HandleFd>(delivered.answer.out).handle == handle);
        CHECK(identity_of(delivered.buffer.get()) ==
              identity_of(delivery.delivered[0].buffer.get()));
    }
    CHECK(live() == 1);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: what is no handle is EINVAL", "[cuse]")
{
    CHECK(new_handle() == 1);

    for (const int wrong : kNoHandles) {
        CHECK(free(wrong) == EINVAL);
        CHECK(ask_pair(ion::kShare, wrong, -1).error == EINVAL);
        CHECK(ask_pair(ion::kMap, wrong, -1).error == EINVAL);
    }
    file = 2; // to which the other one's means nothing
    CHECK(free(1) == EINVAL);
    CHECK(ask_pair(ion::kShare, 1, -1).error == EINVAL);
    CHECK(live() == 1);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: FREE drops the handle and tells nothing", "[cuse]")
{
    const int handle = new_handle();

    const KernelReply reply = ask(ion::kFree, bytes_of(ion::Handle{ handle }));

    CHECK(reply.error == 0);
    CHECK(reply.copied_back().empty());
    CHECK(live() == 0);
    CHECK(free(handle) == EINVAL);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: IMPORT knows a buffer of the same file", "[cuse]")
{
    const int handle = new_handle();
    const UniqueFd &fd = shared(handle);

    CHECK(import(fd.get()) == handle);

    CHECK(free(handle) == 0);
    CHECK(live() == 1);
    CHECK(free(handle) == 0);
    CHECK(live() == 0);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: IMPORT makes a handle on another file", "[cuse]")
{
    new_handle();
    const int handle = new_handle();
    const UniqueFd &fd = shared(handle);

    file = 2;
    CHECK(import(fd.get()) == 1);

    file = 1;
    CHECK(free(handle) == 0);
    CHECK(live() == 2);
    file = 2;
    CHECK(ask_pair(ion::kShare, 1, -1).error == 0);
    CHECK(free(1) == 0);
    CHECK(live() == 1);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: IMPORT and SYNC of what is no buffer", "[cuse]")
{
    const UniqueFd other = *sys::memfd("other", 4096);
    const UniqueFd &ours = shared(new_handle());

    for (const std::uint32_t command : { ion::kImport, ion::kSync }) {
        CHECK(ask_pair(command, 0, -1).error == EBADF);
        CHECK(ask_pair(command, 0, 0x7fffffff).error == EBADF);
        CHECK(ask_pair(command, 0, other.get()).error == EINVAL);
        CHECK(ask_pair(command, 0, ours.get()).error == 0);
    }
    CHECK(ask_pair(ion::kSync, 0, ours.get()).copied_back().empty());
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: what it does not know is ENOTTY", "[cuse]")
{
    constexpr std::array kUnknown{ ion::kCustom, ion::kCustom32, 0xc0184900U, 0xc0184908U,
                                   0x80044909U,  0x5401U,        0xc0044902U };
    const std::array<std::byte, 24> nothing{};

    for (const bool compat : { false, true })
        for (const std::uint32_t command : kUnknown) {
            of_32_bits = compat;
            INFO(std::hex << command << (compat ? " of 32 bits" : ""));
            CHECK(ask(command, std::span(nothing).first(uapi::bytes_out(command))).error == ENOTTY);
        }
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: a struct that is too large is EINVAL", "[cuse]")
{
    const std::array<std::byte, 33> nothing{};
    const std::uint32_t command = 0xc0214900;

    CHECK(ask(command, nothing).error == EINVAL);
    of_32_bits = true; // for which compat_ion_ioctl() looks at the command first
    CHECK(ask(command, nothing).error == ENOTTY);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: handles end with their file", "[cuse]")
{
    new_handle();
    new_handle();
    file = 2;
    new_handle();

    // Who has just told of a handle lets go of the file's a moment later.
    device.release(1);
    CHECK(test::await([this] { return live() == 1; }));
    device.release(2);
    device.release(3); // which never had any
    CHECK(test::await([this] { return live() == 0; }));
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: a caller out of sight gets nothing", "[cuse]")
{
    const int handle = new_handle();
    const UniqueFd &fd = shared(handle);

    thread = 0; // of another pid namespace
    CHECK(allocate(request_of(4096, kSystem)).error == EACCES);
    CHECK(ask_pair(ion::kShare, handle, -1).error == EACCES);
    CHECK(ask_pair(ion::kImport, 0, fd.get()).error == EACCES);
    CHECK(ask_pair(ion::kSync, 0, fd.get()).error == EACCES);
    CHECK(free(handle) == 0);
    CHECK(live() == 0);
}

TEST_CASE_METHOD(Fixture, "ion_legacy_device: each heap that is tried delays and fails once",
                 "[cuse]")
{
    constexpr std::chrono::milliseconds kShortly{ 1 };
    cma.faults().set({ .code = EMFILE, .count = 1, .probability = 1, .delay = kShortly });
    system.faults().set({ .code = 0, .count = 1, .probability = 1, .delay = kShortly });
    send(ion::kAlloc, bytes_of(request_of(5000, ~0U)));
    REQUIRE_FALSE(kernel.take_reply());

    REQUIRE(test::do_next(later));
    CHECK_FALSE(kernel.take_reply());
    REQUIRE(test::do_next(later));

    const auto reply = kernel.await_reply();
    REQUIRE(reply);
    CHECK(reply->error == 0);
    CHECK(ledger.accounts().at("linux,cma").use.buffers == 0);
    CHECK(ledger.accounts().at("system").use.buffers == 1);
    CHECK(cma.faults().failed() == 1);
    CHECK(allocate(request_of(4096, kCma)).error == 0);
}
