// SPDX-License-Identifier: MIT
#include <csignal>

#include <sys/ptrace.h>

#include "cuse/delivery/window.h"
#include "tests/support/catch.h"
#include "tests/unit/support/stopped_child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;
using test::StoppedChild;

namespace {

constexpr std::uint64_t kAllSignals = ~std::uint64_t{ 0 };

constexpr std::uint64_t bit_of(int signal)
{
    return std::uint64_t{ 1 } << (signal - 1);
}

std::uint64_t mask_of(pid_t thread)
{
    std::uint64_t mask = 0;
    REQUIRE(::ptrace(PTRACE_GETSIGMASK, thread, sizeof mask, &mask) == 0);
    return mask;
}

Result<Window> open(StoppedChild &stopped, Stepping stepping = Stepping::single_step)
{
    REQUIRE(stopped.tracee);
    return Window::open(*stopped.tracee, StoppedChild::kInterrupted, stepping);
}

} // namespace

TEST_CASE("window: the caller leaves its call with the result that the window closes with",
          "[delivery]")
{
    const long result = GENERATE(0L, 7L, -12L);
    StoppedChild stopped;
    auto window = open(stopped);
    REQUIRE(window);

    std::move(*window).close(result);

    CHECK(stopped.tracee->state() == Tracee::State::gone);
    CHECK(stopped.child.line().hear() == result);
    CHECK(stopped.child.wait() == 0);
}

TEST_CASE("window: one that is not closed ends the call in EIO", "[delivery]")
{
    StoppedChild stopped;
    {
        auto window = open(stopped);
        REQUIRE(window);
        const Window moved = *std::move(window);
    }

    CHECK(stopped.child.line().hear() == -EIO);
    CHECK(stopped.child.wait() == 0);
}

TEST_CASE("window: signals wait while it is open, and come when it is closed", "[delivery]")
{
    StoppedChild stopped;
    auto window = open(stopped);
    REQUIRE(window);
    stopped.child.kill(SIGTERM);

    CHECK(mask_of(stopped.child.pid()) ==
          (kAllSignals & ~bit_of(SIGKILL) & ~bit_of(SIGSTOP) & ~bit_of(SIGTRAP)));
    std::move(*window).close(0);

    CHECK(stopped.child.wait() == 128 + SIGTERM);
}

TEST_CASE("window: with system call stops SIGTRAP waits, too", "[delivery]")
{
    StoppedChild stopped;
    auto window = open(stopped, Stepping::system_call_stops);
    REQUIRE(window);

    CHECK(mask_of(stopped.child.pid()) == (kAllSignals & ~bit_of(SIGKILL) & ~bit_of(SIGSTOP)));
    CHECK(window->borrowed().stepping == Stepping::system_call_stops);
    std::move(*window).close(0);
    CHECK(stopped.child.line().hear() == 0);
}

TEST_CASE("window: an intercepted SIGTRAP is sent again when it is closed", "[delivery]")
{
    StoppedChild stopped;
    auto window = open(stopped);
    REQUIRE(window);

    sigaddset(&window->borrowed().intercepted, SIGTRAP);
    std::move(*window).close(0);

    CHECK(stopped.child.wait() == 128 + SIGTRAP);
}

TEST_CASE("window: is not opened on a call that has ended otherwise, which stays as it is",
          "[delivery]")
{
    StoppedChild stopped;
    REQUIRE(stopped.tracee);
    const std::uint64_t mask = mask_of(stopped.child.pid());

    const auto window = Window::open(*stopped.tracee, -EFAULT, Stepping::single_step);

    REQUIRE_FALSE(window);
    CHECK(window.error().code == ECANCELED);
    CHECK(mask_of(stopped.child.pid()) == mask);
}

TEST_CASE("window: a caller that is killed while it is open is no trouble", "[delivery]")
{
    StoppedChild stopped;
    auto window = open(stopped);
    REQUIRE(window);
    stopped.child.kill(SIGKILL);

    std::move(*window).close(0);

    CHECK(stopped.child.wait() == 128 + SIGKILL);
}
