// SPDX-License-Identifier: MIT
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "core/file_identity.h"
#include "core/sys.h"
#include "tests/support/catch.h"

using namespace dmaheap;

TEST_CASE("file_identity: fdinfo is read wherever its lines stand", "[core]")
{
    const auto found =
        parse_fdinfo("pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1047\n", Places::refused);

    REQUIRE(found);
    CHECK(found->mount == 15);
    CHECK(found->inode == 1047);
}

TEST_CASE("file_identity: what names a place is no open file", "[core]")
{
    const char *const text = "pos:\t0\nflags:\t012000000\nmnt_id:\t15\nino:\t7\n";

    CHECK(parse_fdinfo(text, Places::accepted));
    CHECK(parse_fdinfo(text, Places::refused).error().code == EBADF);
}

TEST_CASE("file_identity: a kernel that does not tell the inode", "[core]")
{
    CHECK(parse_fdinfo("pos:\t0\nflags:\t02\nmnt_id:\t15\n", Places::refused).error().code ==
          EINVAL);
    CHECK(parse_fdinfo("", Places::refused).error().code == EINVAL);
}

TEST_CASE("file_identity: duplicates are the same file, others are not", "[core]")
{
    const auto one = sys::memfd("one", 4096);
    const auto other = sys::memfd("other", 4096);
    const auto again = sys::duplicate(one->get());

    CHECK(*identity_of(one->get()) == *identity_of(again->get()));
    CHECK(*identity_of(one->get()) == *identity_of(::gettid(), one->get()));
    CHECK(*identity_of(one->get()) != *identity_of(other->get()));
}

TEST_CASE("file_identity: what is no descriptor is EBADF", "[core]")
{
    CHECK(identity_of(::gettid(), -1).error().code == EBADF);
    CHECK(identity_of(::gettid(), 999999).error().code == EBADF);
    const UniqueFd place(::open("/", O_PATH));
    CHECK(identity_of(::gettid(), place.get()).error().code == EBADF);
}
