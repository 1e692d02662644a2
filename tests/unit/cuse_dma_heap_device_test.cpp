// SPDX-License-Identifier: MIT
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>

#include "cuse/dma_heap_device.h"
#include "cuse/node_calls.h"
#include "cuse/uapi/dma_heap.h"
#include "tests/support/catch.h"
#include "tests/unit/support/fake_kernel.h"
#include "tests/unit/support/fakes.h"
#include "tests/unit/support/next_late.h"

using namespace dmaheap;
using test::FakeDelivery;
using test::FakeExporter;
using test::FakeKernel;
using test::FakePolicy;
using test::KernelReply;
using uapi::DmaHeapAllocation;

namespace {

constexpr delivery::Caller kCaller{ .thread = 4242, .uid = 1000, .gid = 100 };
constexpr std::chrono::milliseconds kShortly{ 1 };
constexpr Bytes kLimit = Bytes{ 1 } << 20;

constexpr DmaHeapAllocation request_of(std::uint64_t length)
{
    return { .len = length, .fd = 0, .fd_flags = O_RDWR | O_CLOEXEC, .heap_flags = 0 };
}

std::span<const std::byte> bytes_of(const DmaHeapAllocation &request)
{
    return std::as_bytes(std::span(&request, 1));
}

/// DMA_HEAP_IOCTL_ALLOC with another size of its struct.
constexpr std::uint32_t alloc_of_size(std::size_t size)
{
    return _IOC(_IOC_READ | _IOC_WRITE, 'H', 0, size);
}

struct Refusal {
    std::string device;
    pid_t thread;
    int code;
    bool client_knows;
};

struct Fixture {
    Fixture()
    {
        ledger.set_limit("camera", kLimit);
        kernel.send_greeting();
        kernel.serve();
        REQUIRE(kernel.take_reply());
    }

    KernelReply ask(std::uint32_t command, std::span<const std::byte> in,
                    delivery::Caller caller = kCaller)
    {
        kernel.send_ioctl(command, in, caller, 0x1000);
        kernel.serve();
        auto reply = kernel.take_reply();
        REQUIRE(reply);
        CHECK_FALSE(kernel.take_reply());
        return *std::move(reply);
    }

    KernelReply allocate(const DmaHeapAllocation &request, delivery::Caller caller = kCaller)
    {
        return ask(DMA_HEAP_IOCTL_ALLOC, bytes_of(request), caller);
    }

    /// That nothing was allocated or delivered, and that it was reported once.
    void check_refused(const KernelReply &reply, int code) const
    {
        CHECK(reply.error == code);
        CHECK(delivery.delivered.empty());
        CHECK(exporter.live.empty());
        CHECK(ledger.accounts().at("camera").use.buffers == 0);
        REQUIRE(refusals.size() == 1);
        CHECK(refusals[0].device == "camera");
        CHECK(refusals[0].thread == 4242);
        CHECK(refusals[0].code == code);
        CHECK(refusals[0].client_knows);
    }

    /// Asks for what is to be put off.
    void allocate_later(const DmaHeapAllocation &request)
    {
        kernel.send_ioctl(DMA_HEAP_IOCTL_ALLOC, bytes_of(request), kCaller, 0x1000);
        kernel.serve();
        REQUIRE_FALSE(kernel.take_reply());
        REQUIRE(exporter.live.empty());
    }

    KernelReply next_late_reply()
    {
        REQUIRE(test::do_next(*later));
        auto reply = kernel.take_reply();
        REQUIRE(reply);
        return *std::move(reply);
    }

    [[nodiscard]] const delivery::Answer &answer() const
    {
        REQUIRE(delivery.delivered.size() == 1);
        return delivery.delivered[0].answer;
    }

    Ledger ledger;
    FakeExporter exporter;
    FakeDelivery delivery;
    std::vector<Refusal> refusals;
    Heap heap{ "camera", std::make_unique<FakePolicy>(), ledger, exporter };
    std::optional<cuse::Later> later{ std::in_place };
    cuse::DmaHeapDevice device{ heap, delivery, *later,
                                [this](std::string_view name, const delivery::Caller &caller,
                                       const Error &error, std::string_view) {
                                    refusals.push_back({ std::string(name), caller.thread,
                                                         error.code, kernel.has_reply() });
                                } };
    FakeKernel kernel{ [this](fuse_req_t request, std::uint32_t command, void *argument,
                              const void *in, std::size_t in_size) {
        cuse::answer_ioctl(device, request, command, argument, in, in_size);
    } };
};

} // namespace

TEST_CASE_METHOD(Fixture, "dma_heap_device: an allocation goes to the delivery, with who asked",
                 "[cuse]")
{
    const DmaHeapAllocation request = request_of(5000);

    CHECK(allocate(request).error == 0);

    REQUIRE(delivery.delivered.size() == 1);
    const auto &delivered = delivery.delivered[0];
    CHECK(delivered.caller.thread == 4242);
    CHECK(delivered.caller.uid == 1000);
    CHECK(delivered.caller.gid == 100);
    CHECK(delivered.buffer.valid());
    CHECK(delivered.answer.argument == 0x1000);
    CHECK(delivered.answer.fd_at == 8U);
    CHECK(std::ranges::equal(delivered.answer.out, bytes_of(request))); // the length not rounded
    CHECK(exporter.live.at(0).size() == 8192);
    CHECK(refusals.empty());
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: access modes and close-on-exec are as asked for",
                 "[cuse]")
{
    const unsigned mode = GENERATE(0U, 1U, 2U, 3U);
    const bool close_on_exec = GENERATE(false, true);
    DmaHeapAllocation request = request_of(4096);
    request.fd_flags = mode | (close_on_exec ? O_CLOEXEC : 0U);

    CHECK(allocate(request).error == 0);

    CHECK((exporter.flags & O_ACCMODE) == mode);
    CHECK(answer().close_on_exec == close_on_exec);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: other numbers are EINVAL, never ENOTTY", "[cuse]")
{
    const std::uint32_t command =
        GENERATE(0xc0184801U, 0x5401U /* TCGETS */, 0x541bU /* FIONREAD */, 0xffffffffU);

    check_refused(ask(command, bytes_of(request_of(4096))), EINVAL);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: the type letter is ignored", "[cuse]")
{
    const DmaHeapAllocation request = request_of(4096);

    CHECK(ask(_IOC(_IOC_READ | _IOC_WRITE, 'I', 0, 24), bytes_of(request)).error == 0);
    CHECK(delivery.delivered.size() == 1);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: a descriptor passed in is refused", "[cuse]")
{
    DmaHeapAllocation request = request_of(4096);
    request.fd = 1;

    check_refused(allocate(request), EINVAL);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: flags that nobody knows are refused", "[cuse]")
{
    DmaHeapAllocation request = request_of(4096);
    request.fd_flags = GENERATE(unsigned{ O_NONBLOCK }, unsigned{ O_CREAT }, 0x80000000U, 4U);

    check_refused(allocate(request), EINVAL);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: heap flags are refused, high bits too", "[cuse]")
{
    DmaHeapAllocation request = request_of(4096);
    request.heap_flags = GENERATE(1ULL, 1ULL << 63);

    check_refused(allocate(request), EINVAL);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: a length that rounds to 0 is refused", "[cuse]")
{
    check_refused(allocate(request_of(GENERATE(0ULL, ~0ULL))), EINVAL);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: a length above the heap's limit is refused", "[cuse]")
{
    check_refused(allocate(request_of(GENERATE(kLimit + 1, 1ULL << 62))), ENOMEM);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: the struct is checked before the length", "[cuse]")
{
    DmaHeapAllocation request = request_of(kLimit + 1);
    request.heap_flags = 1;

    check_refused(allocate(request), EINVAL);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: a caller that cannot be seen is refused", "[cuse]")
{
    const KernelReply reply =
        allocate(request_of(4096), delivery::Caller{ .thread = 0, .uid = 0, .gid = 0 });

    CHECK(reply.error == EACCES);
    CHECK(delivery.delivered.empty());
    CHECK(exporter.live.empty());
    CHECK(refusals.size() == 1);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: a command that copies nothing in has no length",
                 "[cuse]")
{
    const std::uint32_t command =
        GENERATE(std::uint32_t{ _IO('H', 0) }, std::uint32_t{ _IOC(_IOC_READ, 'H', 0, 24) });

    check_refused(ask(command, {}), EINVAL);
}

TEST_CASE_METHOD(Fixture,
                 "dma_heap_device: a command that copies nothing back delivers all the same",
                 "[cuse]")
{
    const DmaHeapAllocation request = request_of(4096);

    CHECK(ask(_IOC(_IOC_WRITE, 'H', 0, 24), bytes_of(request)).error == 0);

    CHECK(answer().out.empty());
    CHECK_FALSE(answer().fd_at);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: what a short struct lacks is zero", "[cuse]")
{
    const std::size_t size = GENERATE(8U, 11U, 12U, 16U, 23U);
    DmaHeapAllocation request = request_of(4096);
    request.fd_flags = 0;
    const auto passed = bytes_of(request).first(size);

    CHECK(ask(alloc_of_size(size), passed).error == 0);

    CHECK(std::ranges::equal(answer().out, passed));
    CHECK(answer().fd_at.has_value() == (size >= 12));
    CHECK_FALSE(answer().close_on_exec);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: what a long struct has more comes back unchanged",
                 "[cuse]")
{
    const std::size_t size = GENERATE(25U, 48U, 200U, 3000U);
    std::vector<std::byte> passed(size, std::byte{ 0x5a });
    const DmaHeapAllocation request = request_of(4096);
    std::memcpy(passed.data(), &request, sizeof request);

    CHECK(ask(alloc_of_size(size), passed).error == 0);

    CHECK(answer().out == passed);
    CHECK(answer().fd_at == 8U);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: the exporter's error is the client's", "[cuse]")
{
    exporter.outcome = failure(ENOSPC, "export");

    check_refused(allocate(request_of(4096)), ENOSPC);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: a delayed allocation keeps nobody waiting", "[cuse]")
{
    heap.faults().set({ .code = 0, .count = 2, .probability = 1, .delay = kShortly });
    allocate_later(request_of(5000));
    allocate_later(request_of(9000)); // in the place where the first one was read to

    CHECK(allocate(request_of(0)).error == EINVAL);
    CHECK(allocate(request_of(100)).error == 0);
    CHECK(exporter.live.back().size() == 4096);

    CHECK(next_late_reply().error == 0);
    CHECK(exporter.live.back().size() == 8192);
    CHECK(next_late_reply().error == 0);
    CHECK(exporter.live.back().size() == 12288);
    const auto &last = delivery.delivered.back();
    CHECK(last.caller.thread == 4242);
    CHECK(std::ranges::equal(last.answer.out, bytes_of(request_of(9000))));
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: a fault is that of the one who drew it", "[cuse]")
{
    heap.faults().set({ .code = EMFILE, .count = 1, .probability = 1, .delay = kShortly });
    allocate_later(request_of(4096));
    heap.faults().set({ .code = ENFILE, .count = 1, .probability = 1, .delay = {} });

    check_refused(next_late_reply(), EMFILE);

    CHECK(heap.faults().plan().count == 1);
    CHECK(heap.faults().failed() == 1);
}

TEST_CASE_METHOD(Fixture, "dma_heap_device: who waits is let go at the end", "[cuse]")
{
    heap.faults().set({ .code = 0, .count = 0, .probability = 1, .delay = std::chrono::hours(1) });
    allocate_later(request_of(4096));
    allocate_later(request_of(4096));

    later.reset();

    for (int client = 0; client < 2; ++client) {
        const auto reply = kernel.take_reply();
        REQUIRE(reply);
        CHECK(reply->error == EIO);
    }
    CHECK(exporter.live.empty());
}
