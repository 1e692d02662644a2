// SPDX-License-Identifier: MIT
#include <linux/capability.h>
#include <sys/syscall.h>

#include "cuse/delivery/pick_up.h"
#include "tests/unit/support/borrowed_client.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

struct Fixture : test::BorrowedClient {
    std::optional<Status>
    pick_up(bool close_on_exec = true, const std::function<void()> &meanwhile = [] {})
    {
        return deliver(delivery::pick_up, close_on_exec, meanwhile);
    }

    void has_nothing_more() const
    {
        CHECK(client.child.line().hear() == -EIO); // what the fixture says of a way not gone
        CHECK(client.child.line().hear() == 0);    // the struct is as it was
        CHECK(test::proc::descriptors(pid()) == descriptors);
        CHECK(test::proc::mappings(pid()) == mappings);
    }
};

/// Takes the right to trace others from this process and its children, for good.
void forgo_tracing()
{
    __user_cap_header_struct header{ .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    REQUIRE(::syscall(SYS_capget, &header, sets.data()) == 0);
    sets[0].effective &= ~CAP_TO_MASK(CAP_SYS_PTRACE);
    sets[0].permitted &= ~CAP_TO_MASK(CAP_SYS_PTRACE);
    REQUIRE(::syscall(SYS_capset, &header, sets.data()) == 0);
}

/// Nobody may trace us while it lasts: we are not dumpable.
struct Closed {
    Closed() { forgo_tracing(); }
    Closed(const Closed &) = delete;
    Closed &operator=(const Closed &) = delete;
    ~Closed() { ::prctl(PR_SET_DUMPABLE, 1); }

    static void close() { ::prctl(PR_SET_DUMPABLE, 0); }
};

struct StrangersFixture : private Closed, Fixture {
    StrangersFixture() { close(); }
};

} // namespace

TEST_CASE_METHOD(Fixture, "pick_up: the caller has the buffer under its lowest free number",
                 "[delivery]")
{
    const bool close_on_exec = GENERATE(false, true);
    const auto &line = client.child.line();

    const auto done = pick_up(close_on_exec);

    REQUIRE(done);
    CHECK(*done);
    CHECK(line.hear() == 0); // what the call returned
    CHECK(line.hear() == lowest_free);
    CHECK(line.hear() == 'B');
    CHECK(line.hear() == (close_on_exec ? FD_CLOEXEC : 0));
    CHECK(line.hear() == 5000);
    CHECK(test::proc::descriptors(pid()) == descriptors + 1);
    CHECK(test::proc::mappings(pid()) == mappings);
}

TEST_CASE_METHOD(Fixture, "pick_up: a caller without room for a pidfd is left as it was",
                 "[delivery]")
{
    limit_descriptors(lowest_free);

    CHECK_FALSE(pick_up());
    has_nothing_more();
}

TEST_CASE_METHOD(Fixture, "pick_up: a caller with room for just the pidfd is left as it was",
                 "[delivery]")
{
    limit_descriptors(lowest_free + 1);

    CHECK_FALSE(pick_up());
    has_nothing_more();
}

TEST_CASE_METHOD(StrangersFixture, "pick_up: a caller that may not trace us is left as it was",
                 "[delivery]")
{
    CHECK_FALSE(pick_up());
    has_nothing_more();
}

TEST_CASE_METHOD(Fixture, "pick_up: a struct that cannot be written is left to the other way",
                 "[delivery]")
{
    argument_at = 0;

    CHECK_FALSE(pick_up());
    has_nothing_more();
}

TEST_CASE_METHOD(Fixture, "pick_up: a caller that is killed meanwhile gets nothing", "[delivery]")
{
    CHECK_FALSE(pick_up(true, [this] { client.child.kill(SIGKILL); }));
}
