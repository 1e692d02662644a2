// SPDX-License-Identifier: MIT
#include <cerrno>

#include "tests/support/catch.h"
#include "tools/dmaheapd/accounts.h"

using namespace dmaheap;
using namespace dmaheap::config;

TEST_CASE("accounts: users and groups are found by name and by number", "[tools]")
{
    CHECK(resolve_owner("root") == uid_t{ 0 });
    CHECK(resolve_group("root") == gid_t{ 0 });
    CHECK(resolve_owner("4294967294") == uid_t{ 4294967294 });
    CHECK(resolve_group("54321") == gid_t{ 54321 });
}

TEST_CASE("accounts: users and groups that are none are told apart from numbers that are none",
          "[tools]")
{
    CHECK(resolve_owner("no-such-user-here") == failure(ENOENT, ""));
    CHECK(resolve_group("no-such-group-here") == failure(ENOENT, ""));
    CHECK(resolve_owner("") == failure(ENOENT, ""));
    CHECK(resolve_owner("-1") == failure(ENOENT, ""));
    CHECK(resolve_owner("12x") == failure(ENOENT, ""));
    CHECK(resolve_owner("4294967295") == failure(ERANGE, ""));
    CHECK(resolve_owner("4294967296") == failure(ERANGE, ""));
}
