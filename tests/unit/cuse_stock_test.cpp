// SPDX-License-Identifier: MIT
#include <atomic>
#include <memory>
#include <thread>

#include "cuse/stock.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"

using namespace dmaheap;
using namespace dmaheap::cuse;

namespace {

/// Makes numbered things, as often as it is let.
struct Maker {
    Stock<std::unique_ptr<int>>::Make make()
    {
        return [this]() -> Result<std::unique_ptr<int>> {
            ++calls;
            if (fails)
                return failure(ENOMEM, "make");
            return std::make_unique<int>(++made);
        };
    }

    [[nodiscard]] bool has_called(int times) const
    {
        return test::await([&] { return calls == times; });
    }

    std::atomic<int> calls = 0;
    std::atomic<int> made = 0;
    std::atomic<bool> fails = false;
};

constexpr std::chrono::milliseconds kPause{ 1 };
constexpr std::chrono::hours kForever{ 1 };
constexpr std::chrono::milliseconds kAMoment{ 20 };

} // namespace

TEST_CASE("stock: is filled ahead of need, and no further", "[cuse][threads]")
{
    Maker maker;
    Stock<std::unique_ptr<int>> stock(3, kPause, maker.make());

    CHECK(maker.has_called(3));
    test::let_pass(kAMoment);

    CHECK(maker.calls == 3);
}

TEST_CASE("stock: what is taken is replaced when half of it is gone", "[cuse][threads]")
{
    Maker maker;
    Stock<std::unique_ptr<int>> stock(4, kForever, maker.make());
    REQUIRE(maker.has_called(4));

    CHECK(stock.take());
    test::let_pass(kAMoment);
    CHECK(maker.calls == 4);

    CHECK(stock.take());
    CHECK(maker.has_called(6));
}

TEST_CASE("stock: after a pause it is full again, whatever was taken", "[cuse][threads]")
{
    Maker maker;
    Stock<std::unique_ptr<int>> stock(4, kPause, maker.make());
    REQUIRE(maker.has_called(4));

    CHECK(stock.take());
    CHECK(maker.has_called(5));
}

TEST_CASE("stock: what is taken is replaced, and taken once", "[cuse][threads]")
{
    Maker maker;
    Stock<std::unique_ptr<int>> stock(2, kPause, maker.make());
    REQUIRE(maker.has_called(2));

    const auto first = stock.take();
    REQUIRE(maker.has_called(3));
    const auto second = stock.take();

    REQUIRE((first && second));
    CHECK(**first != **second);
    CHECK(maker.has_called(4));
}

TEST_CASE("stock: when nothing is ready there is nothing, at once", "[cuse][threads]")
{
    Maker maker;
    maker.fails = true;
    Stock<std::unique_ptr<int>> stock(1, kPause, maker.make());
    REQUIRE(maker.has_called(1));

    CHECK_FALSE(stock.take());
}

TEST_CASE("stock: after a failure it tries again when somebody asks, and not before",
          "[cuse][threads]")
{
    Maker maker;
    maker.fails = true;
    Stock<std::unique_ptr<int>> stock(2, kPause, maker.make());
    REQUIRE(maker.has_called(1));
    test::let_pass(kAMoment);
    REQUIRE(maker.calls == 1);

    maker.fails = false;
    CHECK_FALSE(stock.take());

    CHECK(maker.has_called(3));
    CHECK(stock.take());
}

TEST_CASE("stock: takers at once get things of their own", "[cuse][threads]")
{
    constexpr int kRounds = 200;
    Maker maker;
    Stock<std::unique_ptr<int>> stock(4, kPause, maker.make());
    std::atomic<int> taken = 0;
    {
        std::vector<std::jthread> takers;
        for (int thread = 0; thread < 3; ++thread)
            takers.emplace_back([&] {
                for (int round = 0; round < kRounds; ++round)
                    taken += stock.take() ? 1 : 0;
            });
    }

    CHECK(taken <= maker.made);
    CHECK(test::await([&] { return maker.made == taken + 4; }));
}
