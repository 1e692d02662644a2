// SPDX-License-Identifier: MIT
#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/resource.h>

#include "cuse/delivery/hand_over.h"
#include "cuse/delivery/window.h"
#include "tests/support/catch.h"
#include "tests/support/proc.h"
#include "tests/unit/support/stopped_child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;
using test::StoppedChild;

namespace {

struct Struct {
    std::uint64_t length;
    std::uint32_t fd;
    std::uint32_t flags;
};

// In the child it is at the same address.
Struct argument{ .length = 5000, .fd = 0, .flags = 2 };

/// Says what has become of the struct, and what is behind the number in it; then waits.
void show(const test::Line &line)
{
    char byte = '-';
    static_cast<void>(!::pread(static_cast<int>(argument.fd), &byte, 1, 0));
    line.say(static_cast<long>(argument.fd));
    line.say(byte);
    line.say(::fcntl(static_cast<int>(argument.fd), F_GETFD));
    line.say(static_cast<long>(argument.length));
    line.hear();
}

/// The number that the kernel gives out next.
int lowest_free_descriptor(pid_t pid)
{
    int fd = 0;
    while (std::filesystem::is_symlink(std::filesystem::symlink_status(
        "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd))))
        ++fd;
    return fd;
}

struct Fixture {
    Fixture()
        : descriptors(test::proc::descriptors(pid())), mappings(test::proc::mappings(pid())),
          lowest_free(lowest_free_descriptor(pid()))
    {
        REQUIRE(client.tracee);
    }

    [[nodiscard]] pid_t pid() const { return client.child.pid(); }

    void limit_descriptors(int most) const
    {
        const rlimit limit{ .rlim_cur = static_cast<rlim_t>(most), .rlim_max = 4096 };
        REQUIRE(::prlimit(pid(), RLIMIT_NOFILE, &limit, nullptr) == 0);
    }

    [[nodiscard]] Transfer transfer(bool close_on_exec) const
    {
        UniqueFd buffer(::memfd_create("hand_over", MFD_CLOEXEC));
        REQUIRE(::write(buffer.get(), "B", 1) == 1);
        std::vector<std::byte> out(sizeof argument);
        std::memcpy(out.data(), &argument, sizeof argument);
        return { pid(),
                 Answer{ .argument = reinterpret_cast<std::uintptr_t>(&argument),
                         .out = std::move(out),
                         .fd_at = offsetof(Struct, fd),
                         .close_on_exec = close_on_exec },
                 std::move(buffer), *DescriptorTable::of(pid()) };
    }

    /// `meanwhile`: what happens to the caller while the window is open.
    Status hand_over(bool close_on_exec = true, const std::function<void()> &meanwhile = [] {})
    {
        auto window =
            Window::open(*client.tracee, StoppedChild::kInterrupted, Stepping::single_step);
        REQUIRE(window);
        const Transfer transfer = this->transfer(close_on_exec);
        meanwhile();

        std::optional<Status> outcome;
        lane.keep(run(window->borrowed(), transfer, outcome));
        while (!outcome && lane.resume())
            ;
        REQUIRE(outcome);
        std::move(*window).close(*outcome ? 0 : -outcome->error().code);
        return *outcome;
    }

    Errand run(Borrowed &borrowed, const Transfer &transfer, std::optional<Status> &outcome)
    {
        const Lane::Stretch stretch(lane);
        outcome = co_await delivery::hand_over(lane, *client.tracee, borrowed, transfer);
    }

    Lane lane;
    StoppedChild client{ show };
    int descriptors;
    int mappings;
    int lowest_free;
};

} // namespace

TEST_CASE_METHOD(Fixture, "hand_over: the caller has the buffer under its lowest free number",
                 "[delivery]")
{
    const bool close_on_exec = GENERATE(false, true);
    const auto &line = client.child.line();

    CHECK(hand_over(close_on_exec));

    CHECK(line.hear() == 0); // what the call returned
    CHECK(line.hear() == lowest_free);
    CHECK(line.hear() == 'B');
    CHECK(line.hear() == (close_on_exec ? FD_CLOEXEC : 0));
    CHECK(line.hear() == 5000);
    CHECK(test::proc::descriptors(pid()) == descriptors + 1);
    CHECK(test::proc::mappings(pid()) == mappings);
}

TEST_CASE_METHOD(Fixture, "hand_over: a caller that may have just one more descriptor gets it",
                 "[delivery]")
{
    const auto &line = client.child.line();
    limit_descriptors(lowest_free + 1);

    CHECK(hand_over());

    CHECK(line.hear() == 0);
    CHECK(line.hear() == lowest_free);
    CHECK(line.hear() == 'B');
    CHECK(test::proc::descriptors(pid()) == descriptors + 1);
    rlimit limit{};
    ::prlimit(pid(), RLIMIT_NOFILE, nullptr, &limit);
    CHECK(limit.rlim_cur == static_cast<rlim_t>(lowest_free + 1));
}

TEST_CASE_METHOD(Fixture, "hand_over: a caller that may have none has an error and nothing else",
                 "[delivery]")
{
    const auto &line = client.child.line();
    limit_descriptors(lowest_free);

    const Status done = hand_over();

    REQUIRE_FALSE(done);
    CHECK(done.error().code == EMFILE);
    CHECK(line.hear() == -EMFILE);
    CHECK(line.hear() == 0); // the struct is as it was
    CHECK(test::proc::descriptors(pid()) == descriptors);
    CHECK(test::proc::mappings(pid()) == mappings);
}

TEST_CASE_METHOD(Fixture, "hand_over: a caller that cannot map anything has an error, too",
                 "[delivery]")
{
    const auto &line = client.child.line();
    const rlimit none{ .rlim_cur = 0, .rlim_max = RLIM_INFINITY };
    REQUIRE(::prlimit(pid(), RLIMIT_AS, &none, nullptr) == 0);

    const Status done = hand_over();

    REQUIRE_FALSE(done);
    CHECK(done.error().code == ENOMEM);
    CHECK(line.hear() == -ENOMEM);
    CHECK(line.hear() == 0);
    CHECK(test::proc::descriptors(pid()) == descriptors);
}

TEST_CASE_METHOD(Fixture, "hand_over: a caller that is killed meanwhile is gone", "[delivery]")
{
    const Status done = hand_over(true, [this] { client.child.kill(SIGKILL); });

    REQUIRE_FALSE(done);
    CHECK(done.error().code == ESRCH);
}
