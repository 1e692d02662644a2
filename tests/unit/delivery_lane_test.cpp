// SPDX-License-Identifier: MIT
#include <array>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "core/unique_fd.h"
#include "cuse/delivery/lane.h"
#include "cuse/delivery/task.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace dmaheap::delivery;
using std::chrono::milliseconds;

namespace {

/// What a client is to do, as the tests want it done.
struct Script {
    bool done = false;
    int outcome = 0;
    std::vector<bool> looks = {}; ///< each with how patient it was
};

constexpr std::chrono::milliseconds kTooLong{ 5 }; ///< for the lane's patience

class Fake : public Awaited {
public:
    explicit Fake(Script &script) : script_(script) {}

    bool advance(bool patient) override
    {
        script_.looks.push_back(patient);
        if (patient && !script_.done)
            std::this_thread::sleep_for(kTooLong); // the client does not come
        return script_.done;
    }
    [[nodiscard]] int outcome() const { return script_.outcome; }

private:
    Script &script_;
};

using Log = std::vector<std::string>;

/// Tells when the delivery that has it is over, or dropped.
struct Ending {
    Log &log;
    std::string text;

    ~Ending() { log.push_back(text); }
};

Errand deliver(Lane &lane, Log &log, std::string name, Script &script)
{
    const Ending ending{ log, name + " ended" };
    const int outcome = co_await Await<Fake>(lane, script);
    log.push_back(name + " got " + std::to_string(outcome));
}

Errand deliver_twice(Lane &lane, Log &log, Script &first, Script &second)
{
    log.push_back("first " + std::to_string(co_await Await<Fake>(lane, first)));
    log.push_back("second " + std::to_string(co_await Await<Fake>(lane, second)));
}

cpu_set_t affinity()
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    ::sched_getaffinity(0, sizeof cpus, &cpus);
    return cpus;
}

/// Waits for something that never comes; the errno of that.
int wait_in_vain(int timeout_ms)
{
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    pollfd waited{ .fd = reader.get(), .events = POLLIN, .revents = 0 };
    return ::poll(&waited, 1, timeout_ms) == -1 ? errno : 0;
}

} // namespace

TEST_CASE("lane: a client that is there keeps nobody waiting", "[delivery]")
{
    Lane lane;
    Log log;
    Script script{ .done = true, .outcome = 7 };

    lane.keep(deliver(lane, log, "a", script));

    CHECK(log == Log{ "a got 7", "a ended" });
    CHECK(script.looks == std::vector{ true });
    CHECK_FALSE(lane.resume());
}

TEST_CASE("lane: a slow client is parked, and looked for without patience", "[delivery]")
{
    Lane lane;
    Log log;
    Script script{ .outcome = 7 };

    lane.keep(deliver(lane, log, "a", script));
    CHECK(log.empty());
    CHECK(lane.resume());
    CHECK(lane.resume());
    CHECK(log.empty());
    script.done = true;

    CHECK_FALSE(lane.resume());
    CHECK(log == Log{ "a got 7", "a ended" });
    CHECK(script.looks == std::vector{ true, false, false, false });
    CHECK_FALSE(lane.resume());
    CHECK(script.looks.size() == 4);
}

TEST_CASE("lane: each delivery goes on when its own client is there, in the order of parking",
          "[delivery]")
{
    Lane lane;
    Log log;
    std::array<Script, 4> scripts{};
    for (std::size_t at = 0; at < scripts.size(); ++at)
        lane.keep(deliver(lane, log, std::to_string(at), scripts[at]));

    scripts[0].done = scripts[1].done = true;
    CHECK(lane.resume());
    CHECK(log == Log{ "0 got 0", "0 ended", "1 got 0", "1 ended" });

    log.clear();
    scripts[2].done = scripts[3].done = true;
    CHECK_FALSE(lane.resume());
    CHECK(log == Log{ "2 got 0", "2 ended", "3 got 0", "3 ended" });
}

TEST_CASE("lane: a delivery that goes on may be parked again", "[delivery]")
{
    Log log;
    Script first;
    Script second;
    Lane lane;
    lane.keep(deliver_twice(lane, log, first, second));

    first.done = true;
    CHECK(lane.resume());
    CHECK(log == Log{ "first 0" });
    CHECK(second.looks == std::vector{ true });

    second.done = true;
    CHECK_FALSE(lane.resume());
    CHECK(log == Log{ "first 0", "second 0" });
}

TEST_CASE("lane: the longer nobody comes, the less often it looks, but it does look", "[delivery]")
{
    Log log; // outlives what is parked
    Script script;
    Script other;
    Lane lane;
    lane.keep(deliver(lane, log, "a", script));

    std::vector<milliseconds> pauses;
    for (int look = 0; look < 20; ++look)
        pauses.push_back(lane.resume().value());

    CHECK(std::ranges::is_sorted(pauses));
    CHECK(pauses.front() <= milliseconds(5));
    CHECK(pauses.back() > pauses.front());
    CHECK(pauses.back() <= milliseconds(50));

    lane.keep(deliver(lane, log, "b", other));
    CHECK(lane.resume().value() == pauses.front());
}

TEST_CASE("lane: its end drops what is parked", "[delivery]")
{
    Log log;
    Script script;
    {
        Lane lane;
        lane.keep(deliver(lane, log, "a", script));
        CHECK(log.empty());
    }

    CHECK(log == Log{ "a ended" });
}

TEST_CASE("lane: its patience ends a wait in the kernel", "[delivery]")
{
    Lane lane;
    const Lane::Stretch stretch(lane);

    CHECK(wait_in_vain(10'000) == EINTR);
}

TEST_CASE("lane: a wait that begins late in a stretch is ended, too", "[delivery]")
{
    Lane lane;
    const Lane::Stretch stretch(lane);
    REQUIRE(wait_in_vain(10'000) == EINTR);

    CHECK(wait_in_vain(10'000) == EINTR);
}

TEST_CASE("lane: nothing is ended outside of a stretch", "[delivery]")
{
    Lane lane;
    {
        const Lane::Stretch stretch(lane);
    }

    CHECK(wait_in_vain(50) == 0);
}

TEST_CASE("lane: other threads are not disturbed", "[delivery]")
{
    std::latch begun(1);
    std::latch ended(1);
    const std::jthread other([&] {
        Lane lane;
        const Lane::Stretch stretch(lane);
        begun.count_down();
        ended.wait();
    });
    begun.wait();

    CHECK(wait_in_vain(50) == 0);

    ended.count_down();
}

TEST_CASE("lane: a stretch may be spent on another CPU, and ends at home", "[delivery]")
{
    const cpu_set_t home = affinity();
    Lane lane;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(static_cast<std::size_t>(cpu), &home))
            continue;
        const Lane::Stretch stretch(lane);
        lane.move_to(cpu);
        CHECK(::sched_getcpu() == cpu);
    }

    const cpu_set_t after = affinity();
    CHECK(CPU_EQUAL(&after, &home));
}

TEST_CASE("lane: a CPU that is unknown or not to be had changes nothing", "[delivery]")
{
    const cpu_set_t home = affinity();
    Lane lane;
    const Lane::Stretch stretch(lane);

    lane.move_to(-1);
    lane.move_to(CPU_SETSIZE - 1);

    const cpu_set_t after = affinity();
    CHECK(CPU_EQUAL(&after, &home));
}
