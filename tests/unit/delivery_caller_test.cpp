// SPDX-License-Identifier: MIT
#include <thread>

#include <unistd.h>

#include "cuse/delivery/caller.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;
using delivery::Caller;
using delivery::owner_of;

TEST_CASE("caller: the first thread of a process stands for it", "[delivery]")
{
    const test::Child child(test::sleep_until_killed);

    CHECK(owner_of(Caller{ .thread = child.pid(), .uid = 1000, .gid = 100 }) ==
          Owner{ .process = child.pid(), .user = 1000 });
}

TEST_CASE("caller: what another thread asks for is its process's", "[delivery]")
{
    Owner owner{ .process = 0, .user = 0 };
    pid_t thread = 0;
    std::jthread([&] {
        thread = ::gettid();
        owner = owner_of(Caller{ .thread = thread, .uid = 7, .gid = 7 });
    }).join();

    CHECK(thread != ::getpid());
    CHECK(owner == Owner{ .process = ::getpid(), .user = 7 });
}

TEST_CASE("caller: threads of two processes that ask by turns are not mixed up", "[delivery]")
{
    const test::Child child([](const test::Line &line) {
        std::jthread([&line] {
            line.say(::gettid());
            line.hear();
        }).join();
        return 0;
    });
    const auto theirs = static_cast<pid_t>(child.line().hear());

    std::jthread([&] {
        const pid_t ours = ::gettid();
        for (int turn = 0; turn < 3; ++turn) {
            CHECK(owner_of(Caller{ .thread = ours, .uid = 7, .gid = 7 }).process == ::getpid());
            CHECK(owner_of(Caller{ .thread = ours, .uid = 7, .gid = 7 }).process == ::getpid());
            CHECK(owner_of(Caller{ .thread = theirs, .uid = 7, .gid = 7 }).process == child.pid());
        }
    }).join();
    CHECK(theirs != child.pid());
}

TEST_CASE("caller: a thread that is gone stands for itself", "[delivery]")
{
    pid_t gone = 0;
    {
        const test::Child child(test::sleep_until_killed);
        gone = child.pid();
    }

    CHECK(owner_of(Caller{ .thread = gone, .uid = 7, .gid = 7 }) ==
          Owner{ .process = gone, .user = 7 });
}
