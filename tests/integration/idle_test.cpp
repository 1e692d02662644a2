// SPDX-License-Identifier: MIT
#include <utility>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"
#include "tests/support/proc.h"

using namespace dmaheap::test;

namespace {

// An exporter that nobody tells of a buffer's end looks every second, and once more after the last.
constexpr auto kQuiet = std::chrono::milliseconds(1500);

// While nobody asks for anything and nothing is left to be noticed.
void expect_sleep(pid_t daemon)
{
    if (proc::has_mapped(daemon, "libtsan")) {
        skip("an idle daemon", "ThreadSanitizer wakes up by itself");
        return;
    }

    long switches = 0;
    CHECK(await([&] {
        const long before = std::exchange(switches, proc::context_switches(daemon));
        let_pass(kQuiet);
        return before == switches;
    }));
    const long time = proc::cpu_time(daemon);

    let_pass(std::chrono::seconds(2));

    CHECK(proc::context_switches(daemon) == switches);
    CHECK(proc::cpu_time(daemon) == time);
}

} // namespace

TEST_CASE("idle: a daemon that has served nobody sleeps", "[idle]")
{
    Daemon daemon;
    expect_sleep(daemon.pid());
}

TEST_CASE("idle: a daemon that has nobody to serve any more sleeps", "[idle]")
{
    Scene scene;
    expect_sleep(scene.daemon.pid());
}

TEST_CASE("idle: a client that does nothing wakes nobody", "[idle]")
{
    Scene scene;
    Opened opened(scene.daemon);
    expect_sleep(scene.daemon.pid());
}
