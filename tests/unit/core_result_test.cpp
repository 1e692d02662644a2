// SPDX-License-Identifier: MIT
#include <string>

#include <unistd.h>

#include "core/result.h"
#include "tests/support/catch.h"

using namespace dmaheap;

TEST_CASE("result: what a system call returned is the value", "[core]")
{
    const Result<int> zero = check("dup", 0);
    const Result<ssize_t> bytes = check("read", ssize_t{ 7 });

    CHECK(zero == 0);
    CHECK(bytes == 7);
}

TEST_CASE("result: -1 becomes the errno of that moment, and the step that failed", "[core]")
{
    errno = ENOSPC;
    const Result<int> failed = check("write", -1);
    errno = 0;

    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ENOSPC);
    CHECK(std::string(failed.error().step) == "write");
}

TEST_CASE("result: done without a value, or why not", "[core]")
{
    const Status closed = check_done("close", ::close(::dup(0)));
    const Status closed_again = check_done("close", ::close(-1));

    CHECK(closed);
    REQUIRE_FALSE(closed_again);
    CHECK(closed_again.error().code == EBADF);
}

TEST_CASE("result: only -1 is an error, not every negative number", "[core]")
{
    CHECK(check("lseek", -2L) == -2L);
    CHECK(check_done("lseek", -2L));
}

TEST_CASE("result: errors are equal when their errnos are, wherever they come from", "[core]")
{
    const Error here{ .code = EIO, .step = "here" };
    const Error there{ .code = EIO, .step = "there" };

    CHECK(here == there);
    CHECK_FALSE(here == Error{ .code = EINTR, .step = "here" });
}
