// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "core/ledger.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

constexpr Bytes kLimit = 10000;

struct Fixture {
    Fixture() { ledger.set_limit("heap", kLimit); }

    [[nodiscard]] Ledger::Use use() const { return ledger.accounts().at("heap").use; }

    Ledger ledger;
};

int error_of(const Result<Ledger::Charge> &charge)
{
    return charge ? 0 : charge.error().code;
}

} // namespace

TEST_CASE_METHOD(Fixture, "ledger: the limit can be used up to the last byte", "[core]")
{
    const auto most = ledger.charge("heap", kLimit - 1);
    const auto rest = ledger.charge("heap", 1);

    CHECK(most);
    CHECK(rest);
    CHECK(use().bytes == kLimit);
    CHECK(use().buffers == 2);
    CHECK(error_of(ledger.charge("heap", 1)) == ENOMEM);
}

TEST_CASE_METHOD(Fixture, "ledger: one byte above the limit is refused, and costs nothing",
                 "[core]")
{
    CHECK(error_of(ledger.charge("heap", kLimit + 1)) == ENOMEM);
    CHECK(error_of(ledger.charge("heap", ~Bytes{ 0 })) == ENOMEM);

    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
    CHECK(ledger.charge("heap", kLimit));
}

TEST_CASE_METHOD(Fixture, "ledger: a sum that would overflow does not get past the limit", "[core]")
{
    const auto some = ledger.charge("heap", kLimit / 2);

    CHECK(error_of(ledger.charge("heap", ~Bytes{ 0 } - kLimit / 2 + 1)) == ENOMEM);
}

TEST_CASE_METHOD(Fixture, "ledger: the end of a charge gives it back", "[core]")
{
    {
        const auto charge = ledger.charge("heap", kLimit);
        REQUIRE(charge);
        CHECK(error_of(ledger.charge("heap", 1)) == ENOMEM);
    }

    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
    CHECK(ledger.charge("heap", kLimit));
}

TEST_CASE_METHOD(Fixture, "ledger: a charge that is moved is given back once", "[core]")
{
    std::optional<Ledger::Charge> kept;
    {
        auto charge = ledger.charge("heap", 4000);
        REQUIRE(charge);
        kept.emplace(*std::move(charge));
    }

    CHECK(use().bytes == 4000);
    CHECK(kept->size() == 4000);
    CHECK(kept->heap() == "heap");
    kept.reset();
    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
}

TEST_CASE_METHOD(Fixture, "ledger: heaps have limits of their own", "[core]")
{
    ledger.set_limit("other", 5);
    const auto all = ledger.charge("heap", kLimit);

    CHECK(ledger.charge("other", 5));
    CHECK(error_of(ledger.charge("other", 6)) == ENOMEM);
    CHECK(error_of(ledger.charge("unheard of", 1)) == ENOMEM);
    CHECK(ledger.accounts().size() == 2);
}

TEST_CASE_METHOD(Fixture, "ledger: a limit below what is live refuses until enough is given back",
                 "[core]")
{
    auto first = std::optional(ledger.charge("heap", 6000));
    const auto second = ledger.charge("heap", 3000);

    ledger.set_limit("heap", 5000);

    CHECK(use().bytes == 9000);
    CHECK(error_of(ledger.charge("heap", 1)) == ENOMEM);
    first.reset();
    CHECK(error_of(ledger.charge("heap", 2001)) == ENOMEM);
    CHECK(ledger.charge("heap", 2000));
}

TEST_CASE_METHOD(Fixture, "ledger: threads at once never hold more than the limit",
                 "[core][threads]")
{
    constexpr int kThreads = 4;
    constexpr Bytes kShare = kLimit / 3; // so that they do collide
    std::atomic<int> succeeded = 0;
    std::atomic<Bytes> most = 0; // what any thread has seen in use
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < kThreads; ++thread)
            threads.emplace_back([&] {
                for (int round = 0; round < 500; ++round) {
                    const auto charge = ledger.charge("heap", kShare);
                    succeeded += charge ? 1 : 0;
                    most = std::max<Bytes>(most, use().bytes);
                }
            });
    }

    CHECK(succeeded > 0);
    CHECK(most <= kLimit);
    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
}
