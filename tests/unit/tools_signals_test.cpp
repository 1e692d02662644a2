// SPDX-License-Identifier: MIT
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/unit/support/child.h"
#include "tools/dmaheapd/signals.h"

using namespace dmaheap;
using daemon::Signals;

namespace {

bool has_come(const Signals &signals)
{
    pollfd waited{ .fd = signals.fd(), .events = POLLIN, .revents = 0 };
    return ::poll(&waited, 1, 0) == 1;
}

} // namespace

TEST_CASE("signals: those that the daemon acts on are read, and end nothing", "[tools]")
{
    const Signals signals;
    CHECK_FALSE(has_come(signals));
    CHECK(signals.take() == 0);

    for (const int signal : { SIGTERM, SIGINT, SIGHUP, SIGUSR1 }) {
        ::kill(::getpid(), signal);
        CHECK(has_come(signals));
        CHECK(signals.take() == signal);
        CHECK(signals.take() == 0);
    }
}

TEST_CASE("signals: a client's stops are not reported, its end is", "[tools]")
{
    const Signals signals;
    struct sigaction action{};

    REQUIRE(::sigaction(SIGCHLD, nullptr, &action) == 0);

    CHECK((action.sa_flags & SA_NOCLDSTOP) != 0);
    CHECK(action.sa_handler == SIG_DFL);
    test::Child child([](const test::Line &) { return 3; });
    CHECK(child.wait() == 3);
}

TEST_CASE("signals: their descriptor is not passed on", "[tools]")
{
    CHECK((::fcntl(Signals().fd(), F_GETFD) & FD_CLOEXEC) != 0);
}
