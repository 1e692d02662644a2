// SPDX-License-Identifier: MIT
#include <algorithm>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sched.h>

#include "core/close_others.h"
#include "tests/support/catch.h"

using dmaheap::close_others;

namespace {

constexpr int kMost = 64;

bool is_open(int fd)
{
    return ::fcntl(fd, F_GETFD) != -1;
}

/// Of those below kMost, in a table that had all of them.
template <class Close>
std::vector<int> open_after(Close close)
{
    std::vector<int> open;
    std::jthread([&] {
        if (::unshare(CLONE_FILES) == -1)
            return;
        const int some = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        for (int fd = 0; fd < kMost; ++fd)
            if (fd != some)
                ::dup3(some, fd, O_CLOEXEC);
        close();
        for (int fd = 0; fd < kMost; ++fd)
            if (is_open(fd))
                open.push_back(fd);
    }).join();
    return open;
}

} // namespace

TEST_CASE("close_others: those that are kept stay, in any order, and no others", "[core]")
{
    CHECK(open_after([] { close_others({ 7, 0, 8, 30, 7 }); }) == std::vector{ 0, 7, 8, 30 });
    CHECK(open_after([] { close_others({ 63 }); }) == std::vector{ 63 });
    CHECK(open_after([] { close_others({}); }).empty());
}

TEST_CASE("close_others: below the first all stay", "[core]")
{
    CHECK(open_after([] { close_others({ 1, 5 }, 3); }) == std::vector{ 0, 1, 2, 5 });
    CHECK(open_after([] { close_others({ 3 }, 3); }) == std::vector{ 0, 1, 2, 3 });
}

TEST_CASE("close_others: a number that is not open, or none at all, is no hindrance", "[core]")
{
    CHECK(open_after([] { close_others({ -1, 1000, 2 }); }) == std::vector{ 2 });
}
