// SPDX-License-Identifier: MIT
#include <chrono>

#include "core/faults.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace std::chrono_literals;

namespace {

int next_of(Faults &faults)
{
    const Status outcome = faults.draw().outcome();
    return outcome ? 0 : outcome.error().code;
}

} // namespace

TEST_CASE("faults: nothing fails that nobody asked to fail", "[core]")
{
    Faults faults;

    CHECK(next_of(faults) == 0);
    CHECK(faults.plan() == Faults::Plan{});
}

TEST_CASE("faults: so many fail as were asked for, and no more", "[core]")
{
    Faults faults;
    faults.set({ .code = EMFILE, .count = 2, .probability = 1, .delay = 0ms });

    CHECK(next_of(faults) == EMFILE);
    CHECK(faults.plan().count == 1);
    CHECK(next_of(faults) == EMFILE);
    CHECK(next_of(faults) == 0);
    CHECK(faults.plan() == Faults::Plan{});
    CHECK(faults.failed() == 2);
}

TEST_CASE("faults: without a count all fail until another plan is made", "[core]")
{
    Faults faults;
    faults.set({ .code = ENOMEM, .count = 0, .probability = 1, .delay = 0ms });
    for (int time = 0; time < 100; ++time)
        CHECK(next_of(faults) == ENOMEM);

    faults.set({});

    CHECK(next_of(faults) == 0);
}

TEST_CASE("faults: a probability makes some fail", "[core]")
{
    Faults faults;
    faults.set({ .code = ENOMEM, .count = 0, .probability = 0.5, .delay = 0ms });
    int failed = 0;
    for (int time = 0; time < 1000; ++time)
        failed += next_of(faults) == ENOMEM ? 1 : 0;

    CHECK(failed > 300);
    CHECK(failed < 700);
    CHECK(faults.failed() == static_cast<std::uint64_t>(failed));
}

TEST_CASE("faults: a delay alone lets allocations succeed, and so many are late", "[core]")
{
    Faults faults;
    faults.set({ .code = 0, .count = 2, .probability = 1, .delay = 20ms });

    for (int time = 0; time < 2; ++time) {
        const Fault fault = faults.draw();
        CHECK(fault.delay == 20ms);
        CHECK(fault.outcome());
    }
    CHECK(faults.plan() == Faults::Plan{});
    CHECK(faults.draw().delay == 0ms);
    CHECK(faults.failed() == 0);
}

TEST_CASE("faults: one that fails can be late, too", "[core]")
{
    Faults faults;
    faults.set({ .code = EMFILE, .count = 1, .probability = 1, .delay = 20ms });

    const Fault fault = faults.draw();

    CHECK(fault.delay == 20ms);
    CHECK(fault.outcome().error().code == EMFILE);
    CHECK(next_of(faults) == 0);
}
