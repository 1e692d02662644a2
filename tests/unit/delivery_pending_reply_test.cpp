// SPDX-License-Identifier: MIT
#include <array>
#include <functional>
#include <optional>

#include "cuse/delivery/pending_reply.h"
#include "tests/support/catch.h"
#include "tests/unit/support/fake_kernel.h"

using namespace dmaheap;
using namespace dmaheap::delivery;
using test::FakeKernel;
using test::KernelReply;

namespace {

/// A client that waits in an ioctl, which a test answers.
struct Fixture {
    Fixture()
        : kernel([this](fuse_req_t request, std::uint32_t, void *, const void *, std::size_t) {
              answer(PendingReply(request));
          })
    {
    }

    /// All that the client is told.
    std::vector<KernelReply> replies(std::function<void(PendingReply)> how)
    {
        answer = std::move(how);
        kernel.send_ioctl(0, {}, {});
        kernel.serve();
        std::vector<KernelReply> found;
        while (auto reply = kernel.take_reply())
            found.push_back(*std::move(reply));
        return found;
    }

    std::function<void(PendingReply)> answer;
    FakeKernel kernel;
};

struct Greeted : Fixture {
    Greeted()
    {
        kernel.send_greeting();
        kernel.serve();
        REQUIRE(kernel.take_reply());
    }
};

} // namespace

TEST_CASE_METHOD(Greeted, "pending_reply: a failure is the client's errno", "[delivery]")
{
    const auto told =
        replies([](PendingReply reply) { std::move(reply).fail({ .code = ENOMEM, .step = "" }); });

    REQUIRE(told.size() == 1);
    CHECK(told[0].error == ENOMEM);
}

TEST_CASE_METHOD(Greeted, "pending_reply: a success has the result 0 and its bytes", "[delivery]")
{
    const std::array bytes{ std::byte{ 1 }, std::byte{ 2 }, std::byte{ 3 } };

    const auto told = replies([&bytes](PendingReply reply) { std::move(reply).succeed(bytes); });

    REQUIRE(told.size() == 1);
    CHECK(told[0].error == 0);
    CHECK(told[0].result() == 0);
    CHECK(std::ranges::equal(told[0].copied_back(), bytes));
}

TEST_CASE_METHOD(Greeted, "pending_reply: a forgotten one is EIO", "[delivery]")
{
    const auto told = replies([](const PendingReply &) {});

    REQUIRE(told.size() == 1);
    CHECK(told[0].error == EIO);
}

TEST_CASE_METHOD(Greeted, "pending_reply: is answered once, however often it is moved",
                 "[delivery]")
{
    const auto told = replies([](PendingReply reply) {
        PendingReply first(std::move(reply));
        PendingReply second(std::move(first));
        std::move(second).fail({ .code = EINVAL, .step = "" });
    });

    REQUIRE(told.size() == 1);
    CHECK(told[0].error == EINVAL);
}
