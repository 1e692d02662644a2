// SPDX-License-Identifier: MIT
#pragma once

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
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cuse/delivery/hand.h"
#include "cuse/delivery/window.h"
#include "tests/support/catch.h"
#include "tests/support/proc.h"
#include "tests/unit/support/stopped_child.h"

/// What the ways of getting a buffer into a borrowed caller are tried on.
namespace dmaheap::test {

struct Struct {
    std::uint64_t length;
    std::uint32_t fd;
    std::uint32_t flags;
};

/// In the child it is at the same address.
inline Struct argument{ .length = 5000, .fd = 0, .flags = 2 };

/// Says what has become of the struct, and what is behind the number in it; then waits.
inline void show(const Line &line)
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
inline int lowest_free_descriptor(pid_t pid)
{
    int fd = 0;
    while (std::filesystem::is_symlink(std::filesystem::symlink_status(
        "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd))))
        ++fd;
    return fd;
}

struct BorrowedClient {
    /// How the buffer is to get there; nothing when it cannot be done like that.
    using Way = std::function<delivery::Task<std::optional<Status>>(delivery::Hand)>;

    BorrowedClient()
        : descriptors(proc::descriptors(pid())), mappings(proc::mappings(pid())),
          lowest_free(lowest_free_descriptor(pid()))
    {
        REQUIRE(client.tracee);
        ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    }

    [[nodiscard]] pid_t pid() const { return client.child.pid(); }

    void limit_descriptors(int most) const
    {
        const rlimit limit{ .rlim_cur = static_cast<rlim_t>(most), .rlim_max = 4096 };
        REQUIRE(::prlimit(pid(), RLIMIT_NOFILE, &limit, nullptr) == 0);
    }

    [[nodiscard]] delivery::Transfer transfer(bool close_on_exec) const
    {
        UniqueFd buffer(::memfd_create("hand_over", MFD_CLOEXEC));
        REQUIRE(::write(buffer.get(), "B", 1) == 1);
        std::vector<std::byte> out(sizeof argument);
        std::memcpy(out.data(), &argument, sizeof argument);
        return { pid(),
                 delivery::Answer{ .argument = argument_at,
                                   .out = std::move(out),
                                   .fd_at = offsetof(Struct, fd),
                                   .close_on_exec = close_on_exec },
                 std::move(buffer) };
    }

    /// `meanwhile`: what happens to the caller while the window is open. The caller goes on
    /// afterwards, with EIO if the way cannot be gone.
    std::optional<Status> deliver(
        const Way &way, bool close_on_exec = true, const std::function<void()> &meanwhile = [] {})
    {
        auto window = delivery::Window::open(*client.tracee, StoppedChild::kInterrupted,
                                             delivery::Stepping::single_step);
        REQUIRE(window);
        const delivery::Transfer transfer = this->transfer(close_on_exec);
        meanwhile();

        std::optional<std::optional<Status>> outcome;
        lane.keep(run(way, { lane, *client.tracee, window->borrowed(), transfer }, outcome));
        while (!outcome && lane.resume())
            ;
        REQUIRE(outcome);
        const Status done = outcome->value_or(failure(EIO, "this way"));
        std::move(*window).close(done ? 0 : -done.error().code);
        return *outcome;
    }

    delivery::Errand run(const Way &way, delivery::Hand hand,
                         std::optional<std::optional<Status>> &outcome)
    {
        const delivery::Lane::Stretch stretch(lane);
        outcome = co_await way(hand);
    }

    delivery::Lane lane;
    std::uintptr_t argument_at = reinterpret_cast<std::uintptr_t>(&argument);
    StoppedChild client{ show };
    int descriptors;
    int mappings;
    int lowest_free;
};

} // namespace dmaheap::test
