// SPDX-License-Identifier: MIT
#include <memory>
#include <vector>

#include "cuse/later.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tests/unit/support/next_late.h"

using namespace dmaheap;
using namespace std::chrono_literals;
using cuse::Later;

namespace {

/// Not due while a test runs.
constexpr auto kNever = std::chrono::hours(24);

bool is_due(const Later &later)
{
    return test::await_readable(later.fd(), test::Deadline(0ms));
}

} // namespace

TEST_CASE("later: what is due first is done first", "[cuse]")
{
    Later later;
    std::vector<int> done;
    later.add(kNever, [&] { done.push_back(3); });
    later.add(20ms, [&] { done.push_back(2); });
    later.add(0ms, [&] { done.push_back(1); });

    CHECK(test::do_next(later));
    CHECK(test::do_next(later));

    CHECK(done == std::vector{ 1, 2 });
    CHECK_FALSE(is_due(later));
    CHECK_FALSE(later.take());
}

TEST_CASE("later: nothing is due before its time", "[cuse]")
{
    const auto before = std::chrono::steady_clock::now();
    Later later;
    bool done = false;
    later.add(50ms, [&] { done = true; });

    CHECK(test::do_next(later));

    CHECK(done);
    CHECK(std::chrono::steady_clock::now() - before >= 50ms);
}

TEST_CASE("later: what is not due at the end is dropped", "[cuse]")
{
    const auto held = std::make_shared<int>();
    bool done = false;
    {
        Later later;
        later.add(kNever, [&done, held] { done = true; });
        CHECK(held.use_count() == 2);
    }

    CHECK(held.use_count() == 1);
    CHECK_FALSE(done);
}
