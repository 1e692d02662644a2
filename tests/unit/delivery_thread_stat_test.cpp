// SPDX-License-Identifier: MIT
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <sched.h>
#include <unistd.h>

#include <sys/prctl.h>

#include "core/sys.h"
#include "cuse/delivery/thread_stat.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

/// A line as the kernel writes it: ignored signals 4096, born at 99, last ran on CPU 5.
std::string line_of(const std::string &name)
{
    return "17 (" + name +
           ") S 1 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99 1000 200 18446744073709551615 "
           "1 2 3 4 5 0 0 4096 16384 1 0 0 17 5 0 0 0 0 0 1 2 3 4 5 6 7 0\n";
}

int error_of(const Result<ThreadStat> &stat)
{
    return stat ? 0 : stat.error().code;
}

/// Null when others start processes all the time, or the number cannot be chosen here.
std::unique_ptr<test::Child> child_of_number(pid_t number,
                                             const std::function<int(const test::Line &)> &body)
{
    for (int tries = 0; tries < 100; ++tries) {
        if (!sys::write_text("/proc/sys/kernel/ns_last_pid", std::to_string(number - 1)))
            return nullptr;
        auto child = std::make_unique<test::Child>(body);
        if (child->pid() == number)
            return child;
    }
    return nullptr;
}

} // namespace

TEST_CASE("thread_stat: finds its fields behind any name", "[delivery]")
{
    for (const char *const name : { "cat", "a b c", ") S 1 2 (", "))) ) (", "", "1 2 3 4 5 6 7" }) {
        INFO(name);
        const auto stat = parse_thread_stat(line_of(name));
        REQUIRE(stat);
        CHECK(stat->ignored_signals == 4096);
        CHECK(stat->cpu == 5);
        CHECK(stat->born == 99);
    }
}

TEST_CASE("thread_stat: bit N - 1 of the ignored signals is signal N", "[delivery]")
{
    const auto stat = parse_thread_stat(line_of("cat")); // 4096 is bit 12

    REQUIRE(stat);
    CHECK(stat->ignores(SIGPIPE));
    CHECK_FALSE(stat->ignores(SIGALRM));
    CHECK_FALSE(stat->ignores(SIGUSR2));
}

TEST_CASE("thread_stat: what is cut off or no such line is refused", "[delivery]")
{
    const std::string line = line_of("cat");

    CHECK(error_of(parse_thread_stat("")) == EINVAL);
    CHECK(error_of(parse_thread_stat("17 (cat")) == EINVAL);
    CHECK(error_of(parse_thread_stat("17 (cat) S 1 17")) == EINVAL);
    CHECK(error_of(parse_thread_stat(line.substr(0, line.find(" 16384")))) == EINVAL);
    CHECK(error_of(parse_thread_stat(line.substr(0, line.find(" 5 0 0 0 0 0")))) == EINVAL);
}

TEST_CASE("thread_stat: tells what a thread of this machine ignores and where it ran", "[delivery]")
{
    const test::Child child([](const test::Line &line) {
        ::prctl(PR_SET_NAME, "od) d (na me");
        std::signal(SIGTRAP, SIG_IGN);
        cpu_set_t first;
        CPU_ZERO(&first);
        CPU_SET(0, &first);
        ::sched_setaffinity(0, sizeof first, &first);
        line.say();
        return test::sleep_until_killed(line);
    });
    REQUIRE(child.line().hear() == 0);

    const auto stat = ThreadStats().of(child.pid());

    REQUIRE(stat);
    CHECK(stat->ignores(SIGTRAP));
    CHECK_FALSE(stat->ignores(SIGHUP));
    CHECK(stat->cpu == 0);
}

TEST_CASE("thread_stat: what has changed since is told", "[delivery]")
{
    const test::Child child([](const test::Line &line) {
        line.say();
        line.hear();
        std::signal(SIGTRAP, SIG_IGN);
        line.say();
        return test::sleep_until_killed(line);
    });
    ThreadStats stats;
    REQUIRE(child.line().hear() == 0);
    CHECK_FALSE(stats.of(child.pid()).value_or(ThreadStat{}).ignores(SIGTRAP));

    child.line().say();
    REQUIRE(child.line().hear() == 0);

    CHECK(stats.of(child.pid()).value_or(ThreadStat{}).ignores(SIGTRAP));
    CHECK(stats.of(::getpid()).value_or(ThreadStat{}).born != 0);
    CHECK(stats.of(child.pid()).value_or(ThreadStat{}).ignores(SIGTRAP));
}

TEST_CASE("thread_stat: who has the number of one that is gone is another", "[delivery]")
{
    ThreadStats stats;
    auto first = std::make_unique<test::Child>(test::sleep_until_killed);
    const pid_t number = first->pid();
    REQUIRE(stats.of(number));
    first.reset();
    CHECK(error_of(stats.of(number)) == ENOENT);

    const auto second = child_of_number(number, [](const test::Line &line) {
        std::signal(SIGTRAP, SIG_IGN);
        line.say();
        return test::sleep_until_killed(line);
    });
    if (!second && ::geteuid() != 0) {
        WARN("only root may choose a process's number");
        return;
    }
    REQUIRE(second);
    REQUIRE(second->line().hear() == 0);

    CHECK(stats.of(number).value_or(ThreadStat{}).ignores(SIGTRAP));
}

TEST_CASE("thread_stat: a thread belongs to its process", "[delivery]")
{
    pid_t thread = 0;
    Result<pid_t> process;
    std::jthread([&] {
        thread = ::gettid();
        process = process_of(thread);
    }).join();

    REQUIRE(process);
    CHECK(thread != ::getpid());
    CHECK(*process == ::getpid());
    CHECK(process_of(::getpid()) == ::getpid());
}

TEST_CASE("thread_stat: nobody is killed who has not been", "[delivery]")
{
    const test::Child child(test::sleep_until_killed);

    CHECK_FALSE(is_killed(child.pid()));
    CHECK_FALSE(is_killed(::getpid()));
    CHECK_FALSE(is_killed(0)); // there is no such thread
}

TEST_CASE("thread_stat: nothing is known of a thread that is gone", "[delivery]")
{
    pid_t gone = 0;
    {
        const test::Child child(test::sleep_until_killed);
        gone = child.pid();
    }

    CHECK(error_of(ThreadStats().of(gone)) == ENOENT);
    const auto process = process_of(gone);
    REQUIRE_FALSE(process);
    CHECK(process.error().code == ENOENT);
}
