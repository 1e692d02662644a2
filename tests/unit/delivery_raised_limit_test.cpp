// SPDX-License-Identifier: MIT
#include <csignal>

#include <unistd.h>

#include "cuse/delivery/raised_limit.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

rlimit limit_of(pid_t pid)
{
    rlimit limit{};
    REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit) == 0);
    return limit;
}

void set_limit(pid_t pid, rlim_t soft, rlim_t hard)
{
    const rlimit limit{ .rlim_cur = soft, .rlim_max = hard };
    REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0);
}

/// Root has that right, but not everywhere: CAP_SYS_RESOURCE.
bool may_raise_hard_limits(pid_t pid)
{
    rlimit limit = limit_of(pid);
    ++limit.rlim_max;
    if (::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == -1)
        return false;

    set_limit(pid, limit.rlim_cur, limit.rlim_max - 1);
    return true;
}

void check_limit(pid_t pid, rlim_t soft, rlim_t hard)
{
    const rlimit limit = limit_of(pid);
    CHECK(limit.rlim_cur == soft);
    CHECK(limit.rlim_max == hard);
}

} // namespace

TEST_CASE("raised_limit: the process may have more for as long as it lasts", "[delivery]")
{
    const test::Child child(test::sleep_until_killed);
    set_limit(child.pid(), 10, 200);
    {
        const RaisedLimit raised(child.pid());
        CHECK(raised.raised());
        CHECK(limit_of(child.pid()).rlim_cur > 10);
        CHECK(limit_of(child.pid()).rlim_max == 200);
    }

    check_limit(child.pid(), 10, 200);
}

TEST_CASE("raised_limit: the hard limit is raised too if it must, for those who may", "[delivery]")
{
    const test::Child child(test::sleep_until_killed);
    set_limit(child.pid(), 10, 10);
    const bool allowed = may_raise_hard_limits(child.pid());
    {
        const RaisedLimit raised(child.pid());
        CHECK(raised.raised() == allowed);
        CHECK((limit_of(child.pid()).rlim_cur > 10) == raised.raised());
    }

    check_limit(child.pid(), 10, 10);
}

TEST_CASE("raised_limit: a process that is gone has no limit", "[delivery]")
{
    test::Child child(test::sleep_until_killed);
    const pid_t gone = child.pid();
    child.kill(SIGKILL);
    child.wait();

    CHECK_FALSE(RaisedLimit(gone).raised());
}
