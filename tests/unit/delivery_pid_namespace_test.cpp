// SPDX-License-Identifier: MIT
#include <csignal>
#include <memory>

#include "cuse/delivery/pid_namespace.h"
#include "cuse/delivery/thread_stat.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

TEST_CASE("pid_namespace: has our children, and nobody who is gone", "[delivery]")
{
    PidNamespace ours;
    auto child = std::make_unique<test::Child>(test::sleep_until_killed);
    const pid_t pid = child->pid();
    const auto born = ThreadStats().of(pid).value_or(ThreadStat{}).born;
    REQUIRE(born != 0);

    CHECK(ours.has(pid, 0));
    CHECK(ours.has(pid, born));
    child.reset();
    CHECK(ours.has(pid, born)); // remembered
    CHECK_FALSE(ours.has(pid, born + 1));
    CHECK_FALSE(ours.has(pid, 0));
}
