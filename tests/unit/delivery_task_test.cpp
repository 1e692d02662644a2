// SPDX-License-Identifier: MIT
#include <memory>
#include <string>
#include <vector>

#include "cuse/delivery/lane.h"
#include "cuse/delivery/task.h"
#include "tests/support/catch.h"

using namespace dmaheap::delivery;

namespace {

using Log = std::vector<std::string>;

Task<int> number(Log &log, int value)
{
    log.push_back("number " + std::to_string(value));
    co_return value;
}

Task<int> sum(Log &log, int left, int right)
{
    log.emplace_back("sum");
    const int first = co_await number(log, left);
    const int second = co_await number(log, right);
    log.emplace_back("summed");
    co_return first + second;
}

Task<std::unique_ptr<int>> boxed(int value)
{
    co_return std::make_unique<int>(value);
}

} // namespace

TEST_CASE("task: its value comes to the one who awaits it, through all of those between",
          "[delivery]")
{
    Log log;
    int result = 0;

    const Errand errand = [](Log &steps, int &into) -> Errand {
        into = co_await sum(steps, 3, 4);
    }(log, result);

    CHECK(result == 7);
    CHECK(log == Log{ "sum", "number 3", "number 4", "summed" });
}

TEST_CASE("task: does nothing until it is awaited, or ever if it is not", "[delivery]")
{
    Log log;
    {
        const Task<int> task = number(log, 3);
        CHECK(log.empty());
    }

    CHECK(log.empty());
}

TEST_CASE("task: one that is moved is awaited where it is then", "[delivery]")
{
    Log log;
    int result = 0;
    Task<int> task = number(log, 3);

    const Errand errand = [](Task<int> moved, int &into) -> Errand {
        into = co_await moved;
    }(std::move(task), result);

    CHECK(result == 3);
}

TEST_CASE("task: values that can only be moved are values too", "[delivery]")
{
    std::unique_ptr<int> result;

    const Errand errand = [](std::unique_ptr<int> &into) -> Errand {
        into = co_await boxed(5);
    }(result);

    REQUIRE(result);
    CHECK(*result == 5);
}
