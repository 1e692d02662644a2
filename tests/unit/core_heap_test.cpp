// SPDX-License-Identifier: MIT
#include <memory>
#include <string>

#include <fcntl.h>

#include <sys/stat.h>

#include "core/heap.h"
#include "tests/support/catch.h"
#include "tests/unit/support/fakes.h"

using namespace dmaheap;
using test::FakeExporter;
using test::FakePolicy;

namespace {

constexpr Bytes kPages = 16;
constexpr Owner kOwner{ .process = 4242, .user = 1000 };

struct Fixture {
    explicit Fixture(Status policy_says = {})
        : policy(new FakePolicy(policy_says)),
          heap("heap", std::unique_ptr<Policy>(policy), ledger, exporter)
    {
        ledger.set_limit("heap", kPages * page_size());
    }

    [[nodiscard]] Ledger::Use use() const { return ledger.accounts().at("heap").use; }

    /// The errno of an allocation; 0 when there is none.
    int error_of(Bytes length)
    {
        const auto buffer = heap.allocate(length, O_RDWR, kOwner);
        return buffer ? 0 : buffer.error().code;
    }

    Ledger ledger;
    FakeExporter exporter;
    FakePolicy *policy; ///< the heap's
    Heap heap;
};

struct WithoutMemory : Fixture {
    WithoutMemory() : Fixture(failure(ENOBUFS, "no pages")) {}
};

struct WithoutRoom : Fixture {
    WithoutRoom() : Fixture(failure(ENOMEM, "no pages")) {}
};

} // namespace

TEST_CASE_METHOD(Fixture, "heap: gives the exporter's descriptor of a buffer of whole pages",
                 "[core]")
{
    const auto buffer = heap.allocate(page_size() + 1, O_RDONLY, kOwner);

    REQUIRE(buffer);
    CHECK(policy->asked == std::vector{ 2 * page_size() });
    CHECK(exporter.flags == O_RDONLY);
    REQUIRE(exporter.live.size() == 1);
    CHECK(exporter.live[0].heap() == "heap");
    CHECK(exporter.live[0].size() == 2 * page_size());
    CHECK(exporter.live[0].owner() == kOwner);
    struct stat attributes{};
    REQUIRE(::fstat(buffer->get(), &attributes) == 0);
    CHECK(static_cast<Bytes>(attributes.st_size) == 2 * page_size());
}

TEST_CASE_METHOD(Fixture, "heap: charges the rounded size for as long as the buffer lives",
                 "[core]")
{
    const auto buffer = heap.allocate(1, O_RDWR, kOwner);

    CHECK(use().bytes == page_size());
    CHECK(use().buffers == 1);
    exporter.live.clear();
    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
}

TEST_CASE_METHOD(Fixture, "heap: a length that rounds to 0 gets no further", "[core]")
{
    CHECK(error_of(0) == EINVAL);
    CHECK(error_of(~Bytes{ 0 }) == EINVAL);

    CHECK(policy->asked.empty());
    CHECK(use().buffers == 0);
}

TEST_CASE_METHOD(WithoutMemory,
                 "heap: the policy's error comes unchanged, and nothing stays charged", "[core]")
{
    const auto buffer = heap.allocate(page_size(), O_RDWR, kOwner);

    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().code == ENOBUFS);
    CHECK(std::string(buffer.error().step) == "no pages");
    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
}

TEST_CASE_METHOD(WithoutRoom, "heap: what there is no memory for is refused once, and not given",
                 "[core]")
{
    CHECK(error_of(page_size()) == ENOMEM);

    CHECK(use().allocations == 0);
    CHECK(ledger.accounts().at("heap").refused == 1);
    CHECK(ledger.account_of_all().refused == 1);
}

TEST_CASE_METHOD(Fixture, "heap: the exporter's error comes unchanged, and nothing stays charged",
                 "[core]")
{
    exporter.outcome = failure(EMFILE, "export");

    const auto buffer = heap.allocate(page_size(), O_RDWR, kOwner);

    REQUIRE_FALSE(buffer);
    CHECK(buffer.error().code == EMFILE);
    CHECK(std::string(buffer.error().step) == "export");
    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
}

TEST_CASE_METHOD(Fixture, "heap: above its limit it asks nobody for memory", "[core]")
{
    CHECK(error_of(kPages * page_size() + 1) == ENOMEM);

    CHECK(policy->asked.empty());
    CHECK(use().buffers == 0);
    CHECK(ledger.accounts().at("heap").refused == 1);
    CHECK(ledger.account_of_all().refused == 1);
    CHECK(error_of(kPages * page_size()) == 0);
}

TEST_CASE_METHOD(Fixture, "heap: before it says ENOMEM it lets buffers end that nobody noticed",
                 "[core]")
{
    REQUIRE(error_of(kPages * page_size()) == 0);
    REQUIRE(exporter.reaped == 0);

    CHECK(error_of(page_size()) == 0); // the first one has ended by now

    CHECK(exporter.reaped == 1);
    CHECK(use().buffers == 1);
}

TEST_CASE_METHOD(Fixture, "heap: who took the room of what ended may have let go of it since",
                 "[core]")
{
    REQUIRE(error_of(kPages * page_size()) == 0);
    exporter.after_first_reap = [this] { REQUIRE(error_of(kPages * page_size()) == 0); };

    CHECK(error_of(kPages * page_size()) == 0);

    CHECK(exporter.reaped == 2);
    CHECK(use().buffers == 1);
    CHECK(ledger.accounts().at("heap").refused == 0);
}

TEST_CASE_METHOD(Fixture, "heap: who took the room of what ended and keeps it leaves none",
                 "[core]")
{
    REQUIRE(error_of(kPages * page_size()) == 0);
    exporter.after_first_reap = [this] {
        REQUIRE(error_of(kPages * page_size()) == 0);
        exporter.keeps = true;
    };

    CHECK(error_of(kPages * page_size()) == ENOMEM);

    CHECK(exporter.reaped == 2);
    CHECK(ledger.accounts().at("heap").refused == 1);
}

TEST_CASE_METHOD(Fixture, "heap: a refusal counts once, though it has been asked for twice",
                 "[core]")
{
    REQUIRE(error_of(page_size()) == 0);
    exporter.keeps = true;

    CHECK(error_of(kPages * page_size()) == ENOMEM);

    CHECK(exporter.reaped == 1);
    CHECK(ledger.accounts().at("heap").refused == 1);
    CHECK(ledger.account_of_all().refused == 1);
}

TEST_CASE_METHOD(Fixture, "heap: below its limit it does not look for ended buffers", "[core]")
{
    REQUIRE(error_of(page_size()) == 0);
    REQUIRE(error_of(page_size()) == 0);

    CHECK(exporter.reaped == 0);
    CHECK(use().buffers == 2);
}

TEST_CASE_METHOD(Fixture, "heap: what could never be allowed makes nobody look for ended buffers",
                 "[core]")
{
    ledger.set_limits("heap", { .total = kPages * page_size(),
                                .per_user = {},
                                .per_process = {},
                                .buffer = page_size() });
    REQUIRE(error_of(page_size()) == 0);

    CHECK(error_of(2 * page_size()) == ENOMEM);

    CHECK(exporter.reaped == 0);
}

TEST_CASE_METHOD(Fixture, "heap: a fault is none of a length that is refused anyway", "[core]")
{
    heap.faults().set({ .code = EMFILE, .count = 1, .probability = 1, .delay = {} });

    CHECK(heap.draw_fault(0).code == 0);
    CHECK(heap.draw_fault(page_size()).code == EMFILE);
    CHECK(heap.draw_fault(page_size()).code == 0);
}
