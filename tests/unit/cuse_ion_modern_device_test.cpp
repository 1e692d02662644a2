// SPDX-License-Identifier: MIT
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include "cuse/ion_modern_device.h"
#include "cuse/node_calls.h"
#include "cuse/uapi/ion_modern.h"
#include "tests/support/catch.h"
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
using test::kSystem;
namespace ion = uapi::ion;

namespace {

constexpr ion::Allocation request_of(std::uint64_t length, std::uint32_t mask)
{
    return { .len = length, .heap_id_mask = mask, .flags = 0, .fd = 0, .unused = 0 };
}

constexpr ion::HeapQuery query_of(std::uint32_t cnt, std::uint64_t heaps)
{
    return { .cnt = cnt, .reserved0 = 0, .heaps = heaps, .reserved1 = 0, .reserved2 = 0 };
}

std::uint64_t address_of(const void *memory)
{
    return reinterpret_cast<std::uintptr_t>(memory);
}

/// With a client that is this very thread.
struct Fixture : test::TwoIonHeaps<FakeExporter> {
    explicit Fixture(std::optional<std::uint32_t> version = std::nullopt) : abi_version(version)
    {
        kernel.send_greeting();
        kernel.serve();
        REQUIRE(kernel.take_reply());
    }

    void send(std::uint32_t command, std::span<const std::byte> in)
    {
        kernel.send_ioctl(command, in, { .thread = ::gettid(), .uid = 0, .gid = 0 }, argument);
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

    KernelReply query(const ion::HeapQuery &request)
    {
        return ask(ion::kHeapQuery, bytes_of(request));
    }

    std::uint64_t argument = 0x1000;
    std::optional<std::uint32_t> abi_version;
    FakeKernel kernel{ [this](fuse_req_t request, std::uint32_t command, void *at, const void *in,
                              std::size_t in_size) {
        cuse::answer_ioctl(device, request, command, at, in, in_size);
    } };
    cuse::Aside aside{ std::chrono::minutes(1) }; // for busy machines; ends before the kernel
    cuse::Later later;
    cuse::IonModernDevice device{ { .name = "ion", .abi_version = abi_version },
                                  ion_heaps(),
                                  delivery,
                                  aside,
                                  later,
                                  on_refusal() };
};

} // namespace

TEST_CASE_METHOD(Fixture, "ion_modern_device: an allocation is delivered as ION's are", "[cuse]")
{
    const auto request = request_of(5000, kSystem);

    CHECK(allocate(request).error == 0);

    REQUIRE(delivery.delivered.size() == 1);
    const auto &answer = delivery.delivered[0].answer;
    CHECK(answer.fd_at == 16U);
    CHECK(answer.close_on_exec);
    CHECK(std::ranges::equal(answer.out, bytes_of(request))); // the length not rounded
    CHECK(exporter.live.at(0).heap() == "system");
    CHECK(exporter.live.at(0).size() == 8192);
    CHECK((exporter.flags & O_ACCMODE) == O_RDWR);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: a refusal tells the mask, and who refused", "[cuse]")
{
    ledger.set_limit("system", 4096);
    CHECK(allocate(request_of(8192, kSystem)).error == ENOMEM);
    allowed = { "system" };
    CHECK(allocate(request_of(8192, kSystem | kCma)).error == ENOMEM);
    allowed = {};
    CHECK(allocate(request_of(8192, kSystem | kCma | 1U << 7)).error == EACCES);
    CHECK(allocate(request_of(8192, 1U << 7)).error == ENODEV);
    CHECK(allocate(request_of(0, kSystem)).error == EINVAL);

    CHECK(refused == std::vector<std::string>{
                         "heap_id_mask 0x1", "heap_id_mask 0x11; not permitted: 4 (linux,cma)",
                         "heap_id_mask 0x91; not permitted: 4 (linux,cma), 0 (system)",
                         "heap_id_mask 0x80; ids here: 4 0", "" });
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: heaps are tried by descending id", "[cuse]")
{
    CHECK(allocate(request_of(4096, ~0U)).error == 0);
    CHECK(exporter.live.at(0).heap() == "linux,cma");

    ledger.set_limit("linux,cma", 4096);
    CHECK(allocate(request_of(8192, ~0U)).error == 0);
    CHECK(exporter.live.back().heap() == "system");

    ledger.set_limit("system", 4096);
    CHECK(allocate(request_of(8192, ~0U)).error == ENOMEM);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: the length is checked before the mask", "[cuse]")
{
    CHECK(allocate(request_of(0, 0)).error == EINVAL);
    CHECK(allocate(request_of(~0ULL, kSystem)).error == EINVAL);
    CHECK(allocate(request_of(4096, 0)).error == ENODEV);
    CHECK(allocate(request_of(4096, 2)).error == ENODEV);
    CHECK(allocate(request_of(1ULL << 62, kSystem)).error == ENOMEM);
    CHECK(delivery.delivered.empty());
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: any flags are accepted", "[cuse]")
{
    auto request = request_of(4096, kCma);
    request.flags = 0xffffffff;
    request.unused = 7;

    CHECK(allocate(request).error == 0);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: heaps that the caller may not open are skipped",
                 "[cuse]")
{
    allowed = { "system" };
    CHECK(allocate(request_of(4096, kSystem | kCma)).error == 0);
    CHECK(exporter.live.at(0).heap() == "system");

    CHECK(allocate(request_of(4096, kCma)).error == EACCES);
    allowed = {};
    CHECK(allocate(request_of(4096, ~0U)).error == EACCES);
    CHECK(allocate(request_of(4096, 2)).error == ENODEV);
    CHECK(exporter.live.size() == 1);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: what it does not know is ENOTTY", "[cuse]")
{
    const std::array<std::byte, 24> nothing{};
    const std::uint32_t command =
        GENERATE(0xc0044901U /* legacy FREE */, 0xc0144900U, 0x5401U, 0xc0184901U, 0xc0184800U);

    CHECK(ask(command, std::span(nothing).first(uapi::bytes_out(command))).error == ENOTTY);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: a struct that is too large is EINVAL", "[cuse]")
{
    const std::array<std::byte, 48> nothing{};

    CHECK(ask(0xc0204900U, std::span(nothing).first(32)).error == EINVAL);
    CHECK(ask(0xc0194900U, std::span(nothing).first(25)).error == EINVAL);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: the struct is read before the command is looked at",
                 "[cuse]")
{
    std::uint32_t version = 0;
    argument = address_of(&version);
    CHECK(ask(ion::kAbiVersion, {}).error == ENOTTY);

    argument = 8;
    CHECK(ask(ion::kAbiVersion, {}).error == EFAULT);
}

TEST_CASE("ion_modern_device: ABI_VERSION is what the config says", "[cuse]")
{
    Fixture android(2);

    const KernelReply reply = android.ask(ion::kAbiVersion, {});

    CHECK(reply.error == 0);
    CHECK(uapi::decode<std::uint32_t>(reply.copied_back()) == 2);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: a query tells how many heaps there are", "[cuse]")
{
    const KernelReply reply = query(query_of(99, 0));

    CHECK(reply.error == 0);
    CHECK(uapi::decode<ion::HeapQuery>(reply.copied_back()).cnt == 2);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: a query fills in the heaps by descending id",
                 "[cuse]")
{
    std::array<ion::HeapData, 3> heaps{};
    heaps[2].type = 77;

    const KernelReply reply = query(query_of(3, address_of(heaps.data())));

    CHECK(reply.error == 0);
    CHECK(uapi::decode<ion::HeapQuery>(reply.copied_back()).cnt == 2);
    CHECK(std::string(heaps[0].name.data()) == "linux,cma");
    CHECK(heaps[0].type == 4);
    CHECK(heaps[0].heap_id == 4);
    CHECK(std::string(heaps[1].name.data()) == "ion_system_heap");
    CHECK(heaps[1].heap_id == 0);
    CHECK(heaps[2].type == 77);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: a query fills in no more than there is room for",
                 "[cuse]")
{
    std::array<ion::HeapData, 2> heaps{};
    heaps[1].type = 77;

    const KernelReply reply = query(query_of(1, address_of(heaps.data())));

    CHECK(uapi::decode<ion::HeapQuery>(reply.copied_back()).cnt == 1);
    CHECK(heaps[0].heap_id == 4);
    CHECK(heaps[1].type == 77);
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: bad queries", "[cuse]")
{
    CHECK(query(query_of(0, 0x1000)).error == EINVAL);
    CHECK(query(query_of(1, 8)).error == EFAULT);
    CHECK(query(query_of(1, ~0ULL)).error == EFAULT);
    for (const auto reserved :
         { &ion::HeapQuery::reserved0, &ion::HeapQuery::reserved1, &ion::HeapQuery::reserved2 }) {
        auto request = query_of(1, 0);
        request.*reserved = 1;
        CHECK(query(request).error == EINVAL);
    }
}

TEST_CASE_METHOD(Fixture, "ion_modern_device: each heap that is tried delays and fails once",
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
