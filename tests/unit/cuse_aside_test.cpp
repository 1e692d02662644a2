// SPDX-License-Identifier: MIT
#include <atomic>
#include <cerrno>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "cuse/aside.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"

using namespace dmaheap;
using cuse::Aside;

namespace {

constexpr uid_t kUser = 1000;
constexpr std::chrono::milliseconds kSoon{ 20 };

/// Work that hangs until somebody opens the gate.
struct Gate {
    std::promise<void> opener;
    std::shared_future<void> opened{ opener.get_future() };

    [[nodiscard]] Aside::Work work() const
    {
        return [opened = opened] {
            opened.wait();
            return Status();
        };
    }
};

/// What a client hears; waits for it.
struct Client {
    std::promise<Status> answer = {};
    std::future<Status> heard = answer.get_future();

    Aside::Done done()
    {
        return [this](const Status &status) { answer.set_value(status); };
    }
    int error()
    {
        REQUIRE(heard.wait_for(std::chrono::minutes(1)) == std::future_status::ready);
        const Status status = heard.get();
        return status ? 0 : status.error().code;
    }
};

} // namespace

TEST_CASE("aside: what came of the work is told", "[cuse]")
{
    Aside aside(std::chrono::minutes(1));
    Client good;
    Client bad;

    aside.start(kUser, [] { return Status(); }, good.done());
    aside.start(kUser, [] { return Status(failure(ENOTTY, "work")); }, bad.done());

    CHECK(good.error() == 0);
    CHECK(bad.error() == ENOTTY);
}

TEST_CASE("aside: work that hangs is EFAULT for its client, and told once", "[cuse]")
{
    Gate gate;
    Aside aside(kSoon);
    Client client;

    aside.start(kUser, gate.work(), client.done());

    CHECK(client.error() == EFAULT);
    gate.opener.set_value();
    Client next;
    aside.start(kUser, [] { return Status(); }, next.done());
    next.error(); // no second answer to the first one, which would throw
}

TEST_CASE("aside: a user whose work hangs does not keep others waiting", "[cuse]")
{
    Gate gate;
    Aside aside(std::chrono::minutes(1));
    std::vector<std::unique_ptr<Client>> hanging;
    for (unsigned number = 0; number < 2 * Aside::kAtOnce; ++number) {
        hanging.push_back(std::make_unique<Client>());
        aside.start(kUser, gate.work(), hanging.back()->done());
    }

    Client other;
    aside.start(kUser + 1, [] { return Status(); }, other.done());

    CHECK(other.error() == 0);
    gate.opener.set_value();
    for (const auto &client : hanging)
        CHECK(client->error() == 0);
}

TEST_CASE("aside: no more of one user's work is under way than may be", "[cuse]")
{
    auto running = std::make_shared<std::atomic<unsigned>>(0);
    auto most = std::make_shared<std::atomic<unsigned>>(0);
    Gate gate;
    Aside aside(std::chrono::minutes(1));
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned number = 0; number < 3 * Aside::kAtOnce; ++number) {
        clients.push_back(std::make_unique<Client>());
        aside.start(
            kUser,
            [running, most, opened = gate.opened] {
                const unsigned now = ++*running;
                unsigned before = *most;
                while (before < now && !most->compare_exchange_weak(before, now)) {
                }
                opened.wait();
                --*running;
                return Status();
            },
            clients.back()->done());
    }

    CHECK(test::await([&] { return *running == Aside::kAtOnce; }));
    gate.opener.set_value();
    for (const auto &client : clients)
        CHECK(client->error() == 0);
    CHECK(*most == Aside::kAtOnce);
}

TEST_CASE("aside: work that would have to wait for some that hangs is EFAULT", "[cuse]")
{
    Gate gate;
    Aside aside(kSoon);
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned number = 0; number < 3 * Aside::kAtOnce; ++number) {
        clients.push_back(std::make_unique<Client>());
        aside.start(kUser, gate.work(), clients.back()->done());
    }

    for (const auto &client : clients)
        CHECK(client->error() == EFAULT);
    Client late;
    aside.start(kUser, [] { return Status(); }, late.done());
    CHECK(late.error() == EFAULT);
    gate.opener.set_value();
}

TEST_CASE("aside: a user whose work hung is served again when it does no more", "[cuse]")
{
    Gate gate;
    Aside aside(kSoon);
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned number = 0; number < Aside::kAtOnce; ++number) {
        clients.push_back(std::make_unique<Client>());
        aside.start(kUser, gate.work(), clients.back()->done());
    }
    for (const auto &client : clients)
        CHECK(client->error() == EFAULT);

    gate.opener.set_value();

    CHECK(test::await([&] {
        Client next;
        aside.start(kUser, [] { return Status(); }, next.done());
        return next.error() == 0;
    }));
}

TEST_CASE("aside: time counts from the start of the work, not while it waits", "[cuse]")
{
    constexpr std::chrono::seconds kPatience{ 4 };
    static constexpr std::chrono::seconds kEach{ 1 }; // of kAtOnce at a time: 5 in all
    Aside aside(kPatience);
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned number = 0; number < 5 * Aside::kAtOnce; ++number) {
        clients.push_back(std::make_unique<Client>());
        aside.start(
            kUser,
            [] {
                std::this_thread::sleep_for(kEach);
                return Status();
            },
            clients.back()->done());
    }

    for (const auto &client : clients)
        CHECK(client->error() == 0);
}

TEST_CASE("aside: its end answers whoever still waits, and does not wait for the work", "[cuse]")
{
    Gate gate;
    Client client;
    {
        Aside aside(std::chrono::minutes(1));
        aside.start(kUser, gate.work(), client.done());
    }

    CHECK(client.error() == EFAULT);
    gate.opener.set_value();
}
