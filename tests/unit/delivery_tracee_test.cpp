// SPDX-License-Identifier: MIT
#include <csignal>
#include <optional>

#include <poll.h>
#include <unistd.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "cuse/delivery/tracee.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;
using State = Tracee::State;

namespace {

/// Answers whatever it hears, until it hears that the other one is gone.
int echo(const test::Line &line)
{
    for (long heard = line.hear(); heard != -1; heard = line.hear())
        line.say(heard);
    return 0;
}

bool answers(const test::Child &child)
{
    child.line().say(7);
    return child.line().hear() == 7;
}

int error_of(const Result<Tracee> &tracee)
{
    return tracee ? 0 : tracee.error().code;
}

} // namespace

TEST_CASE("tracee: stops where PTRACE_INTERRUPT finds it", "[delivery]")
{
    const test::Child child(echo);
    auto tracee = Tracee::seize(child.pid());
    REQUIRE(tracee);
    CHECK(tracee->thread() == child.pid());
    CHECK(tracee->state() == State::running);

    const auto event = tracee->wait(true);

    REQUIRE(event);
    CHECK_FALSE(event->gone);
    CHECK(event->trap);
    CHECK(tracee->state() == State::stopped);
}

TEST_CASE("tracee: nobody waits for a thread that runs, unless patient", "[delivery]")
{
    const test::Child child(echo);
    auto tracee = Tracee::seize(child.pid());
    REQUIRE(tracee);
    REQUIRE(tracee->wait(true));
    tracee->resume(PTRACE_CONT, 0);

    CHECK_FALSE(tracee->wait(false));
    CHECK(tracee->state() == State::running);
    CHECK(answers(child));
}

TEST_CASE("tracee: its end lets a stopped thread go", "[delivery]")
{
    const test::Child child(echo);
    {
        auto tracee = Tracee::seize(child.pid());
        REQUIRE(tracee);
        REQUIRE(tracee->wait(true));
        const auto moved = *std::move(tracee);
        CHECK(moved.state() == State::stopped);
    }

    CHECK(answers(child));
    CHECK(Tracee::seize(child.pid())); // it can be traced anew
}

TEST_CASE("tracee: a thread that is traced already is busy", "[delivery]")
{
    const test::Child child(echo);
    const auto first = Tracee::seize(child.pid());
    REQUIRE(first);

    CHECK(error_of(Tracee::seize(child.pid())) == EBUSY);
}

TEST_CASE("tracee: a thread that is not there cannot be seized", "[delivery]")
{
    test::Child child(test::sleep_until_killed);
    const pid_t gone = child.pid();
    child.kill(SIGKILL);
    child.wait();

    CHECK(error_of(Tracee::seize(gone)) == ESRCH);
}

TEST_CASE("tracee: a thread that is killed is gone", "[delivery]")
{
    const test::Child child(echo);
    auto tracee = Tracee::seize(child.pid());
    REQUIRE(tracee);
    REQUIRE(tracee->wait(true));

    child.kill(SIGKILL);
    std::optional<Tracee::Event> event;
    do
        event = tracee->wait(true);
    while (!event || !event->gone);

    CHECK(tracee->state() == State::gone);
    tracee->resume(PTRACE_CONT, 0); // whoever has not noticed does no harm
}

TEST_CASE("tracee: another signal's stop is no trap, and the signal can be passed on", "[delivery]")
{
    test::Child child(test::sleep_until_killed);
    auto tracee = Tracee::seize(child.pid());
    REQUIRE(tracee);
    REQUIRE(tracee->wait(true));
    tracee->resume(PTRACE_CONT, 0);

    child.kill(SIGUSR1);
    const auto event = tracee->wait(true);

    REQUIRE(event);
    CHECK_FALSE(event->gone);
    CHECK_FALSE(event->trap);
    CHECK(event->signal == SIGUSR1);
    tracee->resume(PTRACE_CONT, SIGUSR1);
    const auto last = tracee->wait(true);
    REQUIRE(last);
    CHECK(last->gone);
}

TEST_CASE("tracee: system call stops are told from SIGTRAP", "[delivery]")
{
    const test::Child child(echo);
    auto tracee = Tracee::seize(child.pid());
    REQUIRE(tracee);
    REQUIRE(tracee->wait(true));

    tracee->resume(PTRACE_SYSCALL, 0);
    child.line().say(7);
    const auto event = tracee->wait(true);

    REQUIRE(event);
    CHECK_FALSE(event->trap);
    CHECK(event->signal == (SIGTRAP | 0x80));
}

TEST_CASE("tracee: dies with its tracer from the moment that this was asked for, not before",
          "[delivery]")
{
    const bool tied = GENERATE(false, true);
    // The tracer is a child of this test, and its tracee one of its own, which holds the line's
    // other end open as long as it lives.
    test::Child tracer([tied](const test::Line &line) {
        const pid_t victim = ::fork();
        if (victim == 0)
            ::_exit(echo(line));
        auto tracee = Tracee::seize(victim);
        if (!tracee || !tracee->wait(true) || (tied && !tracee->die_with_us()))
            return 1;
        line.say(victim);
        ::kill(::getpid(), SIGKILL);
        return 1;
    });
    REQUIRE(tracer.line().hear() > 0);
    REQUIRE(tracer.wait() == 128 + SIGKILL);

    tracer.line().say(7);

    CHECK(tracer.line().hear() == (tied ? -1 : 7));
}
