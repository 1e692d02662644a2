// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/ledger.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

constexpr Bytes kLimit = 10000;
constexpr Owner kOwner{ .process = 100, .user = 1000 };
constexpr Owner kOther{ .process = 200, .user = 2000 };

struct Fixture {
    Fixture() { ledger.set_limit("heap", kLimit); }

    Result<Ledger::Charge> take(const std::string &heap, Bytes size, Owner owner = kOwner)
    {
        return ledger.charge(heap, size, owner);
    }

    [[nodiscard]] Ledger::Use use() const { return ledger.accounts().at("heap").use; }

    Ledger ledger;
};

std::string step_of(const Result<Ledger::Charge> &charge)
{
    return charge ? "" : charge.error().step;
}

int error_of(const Result<Ledger::Charge> &charge)
{
    return charge ? 0 : charge.error().code;
}

} // namespace

TEST_CASE_METHOD(Fixture, "ledger: the limit can be used up to the last byte", "[core]")
{
    const auto most = take("heap", kLimit - 1);
    const auto rest = take("heap", 1);

    CHECK(most);
    CHECK(rest);
    CHECK(use().bytes == kLimit);
    CHECK(use().buffers == 2);
    CHECK(error_of(take("heap", 1)) == ENOMEM);
}

TEST_CASE_METHOD(Fixture, "ledger: one byte above the limit is refused, and costs nothing",
                 "[core]")
{
    CHECK(error_of(take("heap", kLimit + 1)) == ENOMEM);
    CHECK(error_of(take("heap", ~Bytes{ 0 })) == ENOMEM);

    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
    CHECK(take("heap", kLimit));
}

TEST_CASE_METHOD(Fixture, "ledger: a sum that would overflow does not get past the limit", "[core]")
{
    const auto some = take("heap", kLimit / 2);

    CHECK(error_of(take("heap", ~Bytes{ 0 } - kLimit / 2 + 1)) == ENOMEM);
}

TEST_CASE_METHOD(Fixture, "ledger: the end of a charge gives it back", "[core]")
{
    {
        const auto charge = take("heap", kLimit);
        REQUIRE(charge);
        CHECK(error_of(take("heap", 1)) == ENOMEM);
    }

    CHECK(use().bytes == 0);
    CHECK(use().buffers == 0);
    CHECK(take("heap", kLimit));
}

TEST_CASE_METHOD(Fixture, "ledger: a charge that is moved is given back once", "[core]")
{
    std::optional<Ledger::Charge> kept;
    {
        auto charge = take("heap", 4000);
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
    const auto all = take("heap", kLimit);

    CHECK(take("other", 5));
    CHECK(error_of(take("other", 6)) == ENOMEM);
    CHECK(error_of(take("unheard of", 1)) == ENOMEM);
    CHECK(ledger.accounts().size() == 2);
}

TEST_CASE_METHOD(Fixture, "ledger: a limit below what is live refuses until enough is given back",
                 "[core]")
{
    auto first = std::optional(take("heap", 6000));
    const auto second = take("heap", 3000);

    ledger.set_limit("heap", 5000);

    CHECK(use().bytes == 9000);
    CHECK(error_of(take("heap", 1)) == ENOMEM);
    first.reset();
    CHECK(error_of(take("heap", 2001)) == ENOMEM);
    CHECK(take("heap", 2000));
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
                    const auto charge = take("heap", kShare);
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

TEST_CASE_METHOD(Fixture, "ledger: a limit by process counts what that process asked for", "[core]")
{
    ledger.set_limits("heap",
                      { .total = kLimit, .per_user = {}, .per_process = 3000, .buffer = {} });
    const Owner sibling{ .process = 101, .user = kOwner.user };
    const auto first = take("heap", 2000);

    CHECK(step_of(take("heap", 1001)) == "limit-per-process of the heap");
    CHECK(error_of(take("heap", 1001)) == ENOMEM);
    CHECK(take("heap", 1000));
    CHECK(take("heap", 3000, sibling));
    CHECK(take("heap", 3000, kOther));
}

TEST_CASE_METHOD(Fixture, "ledger: a limit by uid counts all processes of that uid", "[core]")
{
    ledger.set_limits("heap",
                      { .total = kLimit, .per_user = 3000, .per_process = {}, .buffer = {} });
    const Owner sibling{ .process = 101, .user = kOwner.user };
    const auto first = take("heap", 2000);

    CHECK(step_of(take("heap", 1001, sibling)) == "limit-per-uid of the heap");
    CHECK(take("heap", 1000, sibling));
    CHECK(take("heap", 3000, kOther));
}

TEST_CASE_METHOD(Fixture, "ledger: a limit on one buffer does not count others", "[core]")
{
    ledger.set_limits("heap", { .total = kLimit, .per_user = {}, .per_process = {}, .buffer = 10 });
    const auto first = take("heap", 10);

    CHECK(first);
    CHECK(take("heap", 10));
    CHECK(step_of(take("heap", 11)) == "max-buffer of the heap");
    CHECK_FALSE(ledger.could_ever_charge("heap", 11));
    CHECK(ledger.could_ever_charge("heap", 10));
}

TEST_CASE_METHOD(Fixture, "ledger: the limits of all count every heap", "[core]")
{
    ledger.set_limit("other", kLimit);
    const auto first = take("heap", 2000);

    ledger.set_limits_of_all(
        { .total = 5000, .per_user = 4000, .per_process = 3000, .buffer = 4500 });

    CHECK(step_of(take("other", 4501)) == "max-buffer of [limits]");
    CHECK(step_of(take("other", 1001)) == "limit-per-process of [limits]");
    CHECK(step_of(take("other", 2001, { .process = 101, .user = kOwner.user })) ==
          "limit-per-uid of [limits]");
    CHECK(step_of(take("other", 3001, kOther)) == "limit-per-process of [limits]");
    const auto second = take("other", 3000, kOther);
    CHECK(step_of(take("heap", 1, { .process = 300, .user = 3000 })) == "limit of [limits]");
    CHECK(ledger.account_of_all().use.bytes == 5000);
}

TEST_CASE_METHOD(Fixture, "ledger: what is refused is charged to nobody", "[core]")
{
    CHECK_FALSE(take("heap", kLimit + 1));

    const Ledger::Account account = ledger.accounts().at("heap");
    CHECK(account.refused == 0); // whoever asked may try again
    CHECK(account.users.empty());
    CHECK(account.processes.empty());
    CHECK(ledger.account_of_all().use.allocations == 0);
}

TEST_CASE_METHOD(Fixture, "ledger: what has been charged and never made is no allocation", "[core]")
{
    {
        auto made = take("heap", 100);
        made->set_file({ .device = 1, .inode = 1 });
        CHECK(take("heap", 200));
    }

    const Ledger::Account account = ledger.accounts().at("heap");
    CHECK(account.use.buffers == 0);
    CHECK(account.use.allocations == 1);
    CHECK(account.users.at(kOwner.user).allocations == 1);
    CHECK(account.processes.at(kOwner.process).allocations == 1);
    CHECK(ledger.account_of_all().use.allocations == 1);
    CHECK(ledger.ended() == 1);
}

TEST_CASE_METHOD(Fixture, "ledger: what was live before is charged, and is no allocation of ours",
                 "[core]")
{
    const auto restored = ledger.restore({ .id = 9,
                                           .heap = "heap",
                                           .size = 100,
                                           .owner = kOwner,
                                           .time = std::chrono::system_clock::now(),
                                           .file = {} });
    const auto more = take("heap", 200);

    const Ledger::Account account = ledger.accounts().at("heap");
    CHECK(account.use.bytes == 300);
    CHECK(account.use.buffers == 2);
    CHECK(account.use.allocations == 1);
    CHECK(account.processes.at(kOwner.process).allocations == 1);
    CHECK(ledger.account_of_all().use.allocations == 1);
}

TEST_CASE_METHOD(Fixture, "ledger: every live buffer is listed, in the order of allocation",
                 "[core]")
{
    const auto first = take("heap", 100);
    {
        const auto ended = take("heap", 200);
    }
    auto third = take("heap", 300, kOther);
    third->set_file({ .device = 5, .inode = 77 });

    const auto entries = ledger.entries_after(0, 10);

    REQUIRE(entries.size() == 2);
    CHECK(entries[0].id == first->id());
    CHECK(entries[0].heap == "heap");
    CHECK(entries[0].size == 100);
    CHECK(entries[0].owner == kOwner);
    CHECK(entries[1].owner == kOther);
    CHECK(entries[1].file == Inode{ .device = 5, .inode = 77 });
    CHECK(entries[1].time >= entries[0].time);
    CHECK(ledger.entries_after(0, 1).size() == 1);
    REQUIRE(ledger.entries_after(first->id(), 10).size() == 1);
    CHECK(ledger.entries_after(first->id(), 10)[0].id == third->id());
    CHECK(ledger.entries_after(third->id(), 10).empty());
}

TEST_CASE_METHOD(Fixture, "ledger: of those who have nothing any more only some are remembered",
                 "[core]")
{
    for (pid_t process = 1; process <= 5000; ++process) {
        auto charge = take("heap", 1, { .process = process, .user = static_cast<uid_t>(process) });
        REQUIRE(charge);
        charge->set_file({ .device = 1, .inode = 1 });
    }

    const Ledger::Account account = ledger.accounts().at("heap");
    CHECK(account.processes.size() <= 1025);
    CHECK(account.users.size() <= 1025);
    CHECK(account.use.allocations == 5000);
    CHECK(account.use.buffers == 0);
}
