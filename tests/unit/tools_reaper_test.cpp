// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>

#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tools/dmaheapd/reaper.h"

using namespace dmaheap;
using daemon::Reaper;

namespace {

class Exporting final : public Exporter {
public:
    Result<UniqueFd> export_buffer(Buffer, unsigned) override { return failure(ENOSYS, "test"); }
    bool reap() override
    {
        ++looks;
        return live;
    }

    bool live = false;
    int looks = 0;
};

bool is_due(const Reaper &reaper)
{
    pollfd waited{ .fd = reaper.fd(), .events = POLLIN, .revents = 0 };
    return ::poll(&waited, 1, 0) == 1;
}

bool becomes_due(const Reaper &reaper)
{
    return test::await_readable(reaper.fd(), test::Deadline());
}

} // namespace

TEST_CASE("reaper: never wakes anybody before it is started", "[tools]")
{
    const Reaper reaper;

    CHECK_FALSE(test::await_readable(reaper.fd(), test::Deadline(std::chrono::milliseconds(400))));
    CHECK((::fcntl(reaper.fd(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("reaper: looks again and again while there are live buffers, and then no more", "[tools]")
{
    const Reaper reaper;
    Exporting exporter;
    exporter.live = true;

    reaper.start();
    REQUIRE(becomes_due(reaper));
    reaper.tick(exporter);
    REQUIRE(becomes_due(reaper));
    exporter.live = false;
    reaper.tick(exporter);

    CHECK(exporter.looks == 2);
    CHECK_FALSE(test::await_readable(reaper.fd(), test::Deadline(std::chrono::milliseconds(400))));
}

TEST_CASE("reaper: is not put off by those who start it again and again", "[tools]")
{
    const Reaper reaper;

    CHECK(test::await([&] {
        reaper.start();
        return is_due(reaper);
    }));
}

TEST_CASE("reaper: a look out of turn does no harm", "[tools]")
{
    const Reaper reaper;
    Exporting exporter;

    reaper.tick(exporter);

    CHECK(exporter.looks == 1);
    CHECK_FALSE(is_due(reaper));
}
