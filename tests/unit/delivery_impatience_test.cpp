// SPDX-License-Identifier: MIT
#include <array>
#include <csignal>
#include <optional>

#include <unistd.h>

#include <sys/uio.h>

#include "core/unique_fd.h"
#include "cuse/delivery/impatience.h"
#include "cuse/delivery/lane.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

/// A pipe that nobody writes to.
struct Silence {
    Silence()
    {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
    }

    UniqueFd reader;
    UniqueFd writer;
};

/// A call that begins anew after each signal, as some do in the kernel.
long read_again_and_again(int fd)
{
    char byte = 0;
    long got = -1;
    do
        got = ::read(fd, &byte, 1);
    while (got == -1 && errno == EINTR);
    return got;
}

bool blocked(int signal)
{
    sigset_t mask;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    return sigismember(&mask, signal) == 1;
}

} // namespace

TEST_CASE("impatience: a call that returns has its result", "[delivery]")
{
    impatience::install();

    CHECK(impatience::cut_short([] { return 7L; }) == 7);
    CHECK(impatience::cut_short([] { return -1L; }) == -1);
}

TEST_CASE("impatience: a call that would begin anew for ever is cut short", "[delivery]")
{
    const Silence silence;
    Lane lane;
    const Lane::Stretch stretch(lane);

    for (int round = 0; round < 3; ++round)
        CHECK_FALSE(
            impatience::cut_short([&] { return read_again_and_again(silence.reader.get()); }));
    CHECK_FALSE(blocked(impatience::signal())); // the next one comes, too
}

TEST_CASE("impatience: what is not to be cut short just ends in EINTR", "[delivery]")
{
    const Silence silence;
    Lane lane;
    const Lane::Stretch stretch(lane);
    REQUIRE(impatience::cut_short([] { return 7L; }));

    char byte = 0;
    CHECK(::read(silence.reader.get(), &byte, 1) == -1);
    CHECK(errno == EINTR);
}
