// SPDX-License-Identifier: MIT
#include <csignal>
#include <vector>

#include <sched.h>

#include "cuse/delivery/one_cpu.h"
#include "tests/support/catch.h"
#include "tests/unit/support/stopped_child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;
using test::StoppedChild;

namespace {

constexpr int kUnknown = -1;

cpu_set_t affinity(pid_t thread)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    REQUIRE(::sched_getaffinity(thread, sizeof cpus, &cpus) == 0);
    return cpus;
}

cpu_set_t only(int cpu)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<std::size_t>(cpu), &cpus);
    return cpus;
}

bool equal(const cpu_set_t &one, const cpu_set_t &other)
{
    return CPU_EQUAL(&one, &other);
}

std::vector<int> cpus_of(const cpu_set_t &set)
{
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &set))
            cpus.push_back(cpu);
    return cpus;
}

} // namespace

TEST_CASE("one CPU: the thread comes to the tracer's, and gets its own ones back", "[delivery]")
{
    StoppedChild stopped;
    REQUIRE(stopped.tracee);
    const pid_t thread = stopped.tracee->thread();
    const cpu_set_t mine = affinity(0);
    const cpu_set_t before = affinity(thread);
    Lane lane;
    {
        const Lane::Stretch stretch(lane);
        const OneCpu together(lane, *stopped.tracee, kUnknown);

        CHECK(equal(affinity(thread), only(::sched_getcpu())));
        CHECK(equal(affinity(0), only(::sched_getcpu())));
    }

    CHECK(equal(affinity(thread), before));
    CHECK(equal(affinity(0), mine));
}

TEST_CASE("one CPU: the tracer goes to a thread that may not come", "[delivery]")
{
    const cpu_set_t mine = affinity(0);
    StoppedChild stopped;
    REQUIRE(stopped.tracee);
    const pid_t thread = stopped.tracee->thread();
    for (const int theirs : cpus_of(mine)) {
        const cpu_set_t before = only(theirs);
        REQUIRE(::sched_setaffinity(thread, sizeof before, &before) == 0);
        Lane lane;
        {
            const Lane::Stretch stretch(lane);
            const OneCpu together(lane, *stopped.tracee, theirs);

            CHECK(::sched_getcpu() == theirs);
        }

        CHECK(equal(affinity(thread), before));
        CHECK(equal(affinity(0), mine));
    }
}

TEST_CASE("one CPU: a thread that was killed meanwhile is left alone", "[delivery]")
{
    StoppedChild stopped;
    REQUIRE(stopped.tracee);
    Lane lane;
    {
        const Lane::Stretch stretch(lane);
        const OneCpu together(lane, *stopped.tracee, kUnknown);
        stopped.child.kill(SIGKILL);
        while (!stopped.tracee->wait(true))
            continue; // the lane's patience has interrupted it
    }

    CHECK(stopped.tracee->state() == Tracee::State::gone);
}
