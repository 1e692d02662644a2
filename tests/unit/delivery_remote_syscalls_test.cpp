// SPDX-License-Identifier: MIT
#include <csignal>

#include <unistd.h>

#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "cuse/delivery/remote_syscalls.h"
#include "tests/support/catch.h"
#include "tests/unit/support/stopped_child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

constexpr RemoteSyscall kGetpid{ .x86_64 = SYS_getpid, .i386 = 20 };
constexpr RemoteSyscall kDup{ .x86_64 = SYS_dup, .i386 = 41 };

struct Fixture : test::StoppedChild {
    [[nodiscard]] Borrowed borrow(Stepping stepping) const
    {
        return Borrowed{ *Registers::load(child.pid()), Abi::x86_64, stepping };
    }

    RemoteResult call(Borrowed &borrowed, RemoteSyscall number,
                      const Registers::Arguments &arguments)
    {
        RemoteCall made(*tracee, borrowed, number, arguments);
        while (!made.advance(true))
            ;
        return made.outcome();
    }

    void give_back(const Borrowed &borrowed)
    {
        Registers registers = borrowed.registers;
        registers.set_result(5);
        REQUIRE(registers.store(child.pid()));
        tracee->detach();
    }
};

} // namespace

TEST_CASE_METHOD(Fixture, "remote_syscalls: the caller makes the call, and then another one",
                 "[delivery]")
{
    REQUIRE(tracee);
    const Stepping stepping = GENERATE(Stepping::single_step, Stepping::system_call_stops);
    Borrowed borrowed = borrow(stepping);

    const RemoteResult first = call(borrowed, kGetpid, {});
    const RemoteResult second = call(borrowed, kGetpid, {});

    CHECK(first.ok());
    CHECK(first.value == child.pid());
    CHECK(second.value == child.pid());
    give_back(borrowed);
    CHECK(child.line().hear() == 5);
    CHECK(child.wait() == 0);
}

TEST_CASE_METHOD(Fixture, "remote_syscalls: an error is the kernel's answer, which was made",
                 "[delivery]")
{
    REQUIRE(tracee);
    Borrowed borrowed = borrow(GENERATE(Stepping::single_step, Stepping::system_call_stops));

    const RemoteResult result = call(borrowed, kDup, { 12345 });

    CHECK(result.made);
    CHECK_FALSE(result.ok());
    CHECK(result.value == -EBADF);
}

TEST_CASE_METHOD(Fixture, "remote_syscalls: a caller that is killed makes no call", "[delivery]")
{
    REQUIRE(tracee);
    Borrowed borrowed = borrow(GENERATE(Stepping::single_step, Stepping::system_call_stops));
    child.kill(SIGKILL);

    const RemoteResult result = call(borrowed, kGetpid, {});

    CHECK_FALSE(result.made);
    CHECK_FALSE(result.ok());
    CHECK(tracee->state() == Tracee::State::gone);
    CHECK_FALSE(call(borrowed, kGetpid, {}).made); // not even a second one
}

TEST_CASE_METHOD(Fixture, "remote_syscalls: SIGSTOP in between holds nothing up", "[delivery]")
{
    REQUIRE(tracee);
    Borrowed borrowed = borrow(GENERATE(Stepping::single_step, Stepping::system_call_stops));
    child.kill(SIGSTOP);

    const RemoteResult result = call(borrowed, kGetpid, {});

    CHECK(result.value == child.pid());
}

TEST_CASE_METHOD(Fixture, "remote_syscalls: a SIGTRAP that somebody sends is kept for the caller",
                 "[delivery]")
{
    REQUIRE(tracee);
    Borrowed borrowed = borrow(Stepping::single_step);
    child.kill(SIGTRAP);

    const RemoteResult result = call(borrowed, kGetpid, {});

    CHECK(result.value == child.pid());
    CHECK(sigismember(&borrowed.intercepted, SIGTRAP) == 1);
}

TEST_CASE_METHOD(Fixture, "remote_syscalls: the first stop has come, or never will", "[delivery]")
{
    test::Child running(test::sleep_until_killed);
    auto seized = Tracee::seize(running.pid());
    REQUIRE(seized);

    NextStop stop(*seized);
    CHECK_FALSE(stop.outcome());
    CHECK(stop.advance(true));
    CHECK(stop.outcome());

    running.kill(SIGKILL);
    seized->resume(PTRACE_CONT, 0);
    NextStop end(*seized);
    while (!end.advance(true))
        ;
    CHECK_FALSE(end.outcome());
}
