// SPDX-License-Identifier: MIT
#include <fstream>
#include <sstream>
#include <string>

#include <poll.h>

#include "core/pressure.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

using namespace dmaheap;

TEST_CASE("pressure: asks for the time that any program waits", "[core]")
{
    const test::TempDir folder;
    const std::string path = folder.path() + "/memory";
    std::ofstream(path).flush();

    CHECK(Pressure::watch(path.c_str()));

    std::ostringstream asked;
    asked << std::ifstream(path).rdbuf();
    CHECK(asked.str() == std::string("some 300000 2000000") + '\0');
}

TEST_CASE("pressure: says why it cannot be watched", "[core]")
{
    const auto pressure = Pressure::watch("/nonexistent/memory");

    REQUIRE_FALSE(pressure);
    CHECK(pressure.error().code == ENOENT);
}

TEST_CASE("pressure: a kernel that tells is asked, and does not cry at once", "[core]")
{
    const auto pressure = Pressure::watch();
    if (!pressure)
        return; // no such kernel, or not for us

    pollfd waited{ pressure->fd(), POLLPRI, 0 };
    CHECK(::poll(&waited, 1, 0) >= 0);
    CHECK((waited.revents & (POLLERR | POLLNVAL)) == 0);
}
