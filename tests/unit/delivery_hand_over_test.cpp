// SPDX-License-Identifier: MIT
#include "cuse/delivery/hand_over.h"
#include "tests/unit/support/borrowed_client.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

Task<std::optional<Status>> by_hand(Hand hand)
{
    co_return co_await delivery::hand_over(hand);
}

struct Fixture : test::BorrowedClient {
    Status hand_over(bool close_on_exec = true, const std::function<void()> &meanwhile = [] {})
    {
        return deliver(by_hand, close_on_exec, meanwhile).value();
    }
};

} // namespace

TEST_CASE_METHOD(Fixture, "hand_over: the caller has the buffer under its lowest free number",
                 "[delivery]")
{
    const bool close_on_exec = GENERATE(false, true);
    const auto &line = client.child.line();

    CHECK(hand_over(close_on_exec));

    CHECK(line.hear() == 0); // what the call returned
    CHECK(line.hear() == lowest_free);
    CHECK(line.hear() == 'B');
    CHECK(line.hear() == (close_on_exec ? FD_CLOEXEC : 0));
    CHECK(line.hear() == 5000);
    CHECK(test::proc::descriptors(pid()) == descriptors + 1);
    CHECK(test::proc::mappings(pid()) == mappings);
}

TEST_CASE_METHOD(Fixture, "hand_over: a caller that may have just one more descriptor gets it",
                 "[delivery]")
{
    const auto &line = client.child.line();
    limit_descriptors(lowest_free + 1);

    CHECK(hand_over());

    CHECK(line.hear() == 0);
    CHECK(line.hear() == lowest_free);
    CHECK(line.hear() == 'B');
    CHECK(test::proc::descriptors(pid()) == descriptors + 1);
    rlimit limit{};
    ::prlimit(pid(), RLIMIT_NOFILE, nullptr, &limit);
    CHECK(limit.rlim_cur == static_cast<rlim_t>(lowest_free + 1));
}

TEST_CASE_METHOD(Fixture, "hand_over: a caller that may have none has an error and nothing else",
                 "[delivery]")
{
    const auto &line = client.child.line();
    limit_descriptors(lowest_free);

    const Status done = hand_over();

    REQUIRE_FALSE(done);
    CHECK(done.error().code == EMFILE);
    CHECK(line.hear() == -EMFILE);
    CHECK(line.hear() == 0); // the struct is as it was
    CHECK(test::proc::descriptors(pid()) == descriptors);
    CHECK(test::proc::mappings(pid()) == mappings);
}

TEST_CASE_METHOD(Fixture, "hand_over: a caller that cannot map anything has an error, too",
                 "[delivery]")
{
    const auto &line = client.child.line();
    const rlimit none{ .rlim_cur = 0, .rlim_max = RLIM_INFINITY };
    REQUIRE(::prlimit(pid(), RLIMIT_AS, &none, nullptr) == 0);

    const Status done = hand_over();

    REQUIRE_FALSE(done);
    CHECK(done.error().code == ENOMEM);
    CHECK(line.hear() == -ENOMEM);
    CHECK(line.hear() == 0);
    CHECK(test::proc::descriptors(pid()) == descriptors);
}

TEST_CASE_METHOD(Fixture, "hand_over: a caller that is killed meanwhile is gone", "[delivery]")
{
    const Status done = hand_over(true, [this] { client.child.kill(SIGKILL); });

    REQUIRE_FALSE(done);
    CHECK(done.error().code == ESRCH);
}
