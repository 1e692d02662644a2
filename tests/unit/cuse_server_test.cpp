// SPDX-License-Identifier: MIT
#include <atomic>
#include <latch>
#include <set>
#include <thread>

#include "cuse/server.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tests/unit/support/fake_kernel.h"

using namespace dmaheap;
using namespace dmaheap::cuse;
using test::FakeKernel;

namespace {

constexpr std::uint32_t kSlow = 1;
constexpr std::uint32_t kFast = 2;

/// Counts how it is called, and how many of its threads go on and off.
class CountingDelivery final : public delivery::Delivery {
public:
    void complete(delivery::PendingReply, delivery::Caller, delivery::Answer, UniqueFd) override {}
    std::optional<std::chrono::milliseconds> resume() override
    {
        const bool waiting = looks++ < wanted;
        return waiting ? std::optional(std::chrono::milliseconds(1)) : std::nullopt;
    }
    void leave() override { ++left; }

    std::atomic<int> wanted = 0;
    std::atomic<int> looks = 0;
    std::atomic<int> left = 0;
};

/// Answers at once, but for kSlow, which waits until a test lets it go on.
struct SlowDevice {
    FakeKernel::OnIoctl calls()
    {
        return
            [this](fuse_req_t request, std::uint32_t command, void *, const void *, std::size_t) {
                if (command == kSlow) {
                    ++under_way;
                    go_on.wait();
                }
                fuse_reply_ioctl(request, static_cast<int>(command), nullptr, 0);
            };
    }

    std::atomic<int> under_way = 0;
    std::latch go_on{ 1 };
};

bool greet(FakeKernel &kernel)
{
    const std::uint64_t greeting = kernel.send_greeting();
    const auto reply = kernel.await_reply();
    return reply && reply->request == greeting && reply->error == 0;
}

} // namespace

TEST_CASE("server: answers what a channel asks", "[cuse][threads]")
{
    SlowDevice device;
    FakeKernel kernel(device.calls());
    Server server(2, nullptr);
    server.add(kernel.channel());
    REQUIRE(greet(kernel));

    for (int round = 0; round < 100; ++round) {
        const std::uint64_t request = kernel.send_ioctl(kFast, {}, {});
        const auto reply = kernel.await_reply();
        REQUIRE(reply);
        CHECK(reply->request == request);
        CHECK(reply->result() == kFast);
    }
}

TEST_CASE("server: one slow request delays no other of the same channel", "[cuse][threads]")
{
    SlowDevice device;
    FakeKernel kernel(device.calls());
    Server server(2, nullptr);
    server.add(kernel.channel());
    REQUIRE(greet(kernel));

    const std::uint64_t slow = kernel.send_ioctl(kSlow, {}, {});
    REQUIRE(test::await([&] { return device.under_way == 1; }));
    const std::uint64_t fast = kernel.send_ioctl(kFast, {}, {});

    const auto first = kernel.await_reply();
    REQUIRE(first);
    CHECK(first->request == fast);
    device.go_on.count_down();
    const auto second = kernel.await_reply();
    REQUIRE(second);
    CHECK(second->request == slow);
}

TEST_CASE("server: two threads serve any number of channels", "[cuse][threads]")
{
    SlowDevice device;
    std::vector<std::unique_ptr<FakeKernel>> kernels;
    Server server(2, nullptr);
    for (int at = 0; at < 20; ++at) {
        kernels.push_back(std::make_unique<FakeKernel>(device.calls()));
        server.add(kernels.back()->channel());
    }

    for (const auto &kernel : kernels)
        REQUIRE(greet(*kernel));
    for (const auto &kernel : kernels)
        kernel->send_ioctl(kFast, {}, {});
    for (const auto &kernel : kernels)
        CHECK(kernel->await_reply());
}

TEST_CASE("server: its end finishes what was begun, and every thread leaves the delivery",
          "[cuse][threads]")
{
    SlowDevice device;
    CountingDelivery delivery;
    FakeKernel kernel(device.calls());
    {
        Server server(3, &delivery);
        server.add(kernel.channel());
        REQUIRE(greet(kernel));
        kernel.send_ioctl(kSlow, {}, {});
        REQUIRE(test::await([&] { return device.under_way == 1; }));
        device.go_on.count_down();
    }

    CHECK(kernel.take_reply());
    CHECK(delivery.left == 3);
}

TEST_CASE("server: looks after slow deliveries as long as there are any, and then no more",
          "[cuse][threads]")
{
    CountingDelivery delivery;
    delivery.wanted = 10;
    const Server server(1, &delivery);

    CHECK(test::await([&] { return delivery.looks == 11; }));
    test::let_pass(std::chrono::milliseconds(30));

    CHECK(delivery.looks == 11);
}

TEST_CASE("server: a kernel that reports signals of waiting clients is told not to",
          "[cuse][threads]")
{
    SlowDevice device;
    FakeKernel kernel(device.calls());
    Server server(1, nullptr);
    server.add(kernel.channel());
    REQUIRE(greet(kernel));

    const std::uint64_t request = kernel.send_interrupt();

    const auto reply = kernel.await_reply();
    REQUIRE(reply);
    CHECK(reply->request == request);
    CHECK(reply->error == ENOSYS);
}

TEST_CASE("server: what is put off holds no thread, and is done by one that serves",
          "[cuse][threads]")
{
    SlowDevice device;
    CountingDelivery delivery;
    FakeKernel kernel(device.calls());
    std::latch go_on(1);
    std::atomic<int> done = 0;
    Later later;
    Server server(1, &delivery, &later);
    server.add(kernel.channel());
    REQUIRE(greet(kernel));
    for (int time = 0; time < 20; ++time)
        later.add(std::chrono::hours(24), [&done] { done += 100; });

    kernel.send_ioctl(kFast, {}, {});
    CHECK(kernel.await_reply());
    later.add(std::chrono::milliseconds(0), [&] {
        ++done;
        go_on.wait(); // holds the only thread
    });
    for (int time = 0; time < 9; ++time)
        later.add(std::chrono::milliseconds(time), [&done] { ++done; });
    CHECK(test::await([&] { return done == 1; }));
    kernel.send_ioctl(kFast, {}, {});
    CHECK_FALSE(kernel.take_reply());
    go_on.count_down();

    CHECK(kernel.await_reply());
    CHECK(test::await([&] { return done == 10; }));
}

TEST_CASE("server: its end does not wait for what is put off", "[cuse][threads]")
{
    const auto held = std::make_shared<int>();
    {
        Later later;
        {
            CountingDelivery delivery;
            const Server server(2, &delivery, &later);
            later.add(std::chrono::hours(24), [held] { FAIL("it is not due"); });
        }
        CHECK(held.use_count() == 2);
    }

    CHECK(held.use_count() == 1);
}
