// SPDX-License-Identifier: MIT
#include <utility>

#include <fcntl.h>

#include <sys/mman.h>

#include "core/unique_fd.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;

namespace {

UniqueFd open_one()
{
    return UniqueFd(::memfd_create("unique_fd", MFD_CLOEXEC));
}

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) != -1;
}

} // namespace

TEST_CASE("unique_fd: closes its descriptor at its end", "[core]")
{
    int number = -1;
    {
        const UniqueFd fd = open_one();
        number = fd.get();
        REQUIRE(is_open(number));
    }

    CHECK_FALSE(is_open(number));
}

TEST_CASE("unique_fd: moving leaves nothing behind and closes nothing", "[core]")
{
    UniqueFd from = open_one();
    const int number = from.get();

    const UniqueFd to(std::move(from));

    CHECK(to.get() == number);
    CHECK(is_open(number));
    CHECK_FALSE(from.valid()); // NOLINT(bugprone-use-after-move): that is the question
}

TEST_CASE("unique_fd: assigning over an open descriptor closes that one", "[core]")
{
    UniqueFd kept = open_one();
    UniqueFd moved = open_one();
    const int old = kept.get();
    const int number = moved.get();

    kept = std::move(moved);

    CHECK(kept.get() == number);
    CHECK(is_open(number));
    CHECK_FALSE(is_open(old));
    CHECK_FALSE(moved.valid()); // NOLINT(bugprone-use-after-move): that is the question
}

TEST_CASE("unique_fd: assigning it to itself changes nothing", "[core]")
{
    UniqueFd fd = open_one();
    UniqueFd &same = fd;
    const int number = fd.get();

    fd = std::move(same);

    CHECK(fd.get() == number); // NOLINT(bugprone-use-after-move): that is the question
    CHECK(is_open(number));
}

TEST_CASE("unique_fd: a released descriptor is the caller's to close", "[core]")
{
    UniqueFd fd = open_one();

    const int number = fd.release();
    fd.reset();

    CHECK_FALSE(fd.valid());
    CHECK(is_open(number));
    ::close(number);
}

TEST_CASE("unique_fd: resetting takes the new descriptor and closes the old one", "[core]")
{
    UniqueFd fd = open_one();
    const int old = fd.get();
    const int other = open_one().release();

    fd.reset(other);

    CHECK(fd.get() == other);
    CHECK(is_open(other));
    CHECK_FALSE(is_open(old));
}

TEST_CASE("unique_fd: descriptor 0 is as good as any, and none is none", "[core]")
{
    UniqueFd zero(0);

    CHECK(zero.valid());
    CHECK_FALSE(UniqueFd().valid());
    CHECK_FALSE(UniqueFd(-1).valid());
    CHECK(zero.release() == 0);
}

TEST_CASE("unique_fd: descriptor 0 is closed like any other", "[core]")
{
    test::Child child([](const test::Line &) {
        {
            const UniqueFd zero(STDIN_FILENO);
        }
        return is_open(STDIN_FILENO) ? 1 : 0;
    });

    CHECK(child.wait() == 0);
}
