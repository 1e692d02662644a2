// SPDX-License-Identifier: MIT
#include <string>

#include <unistd.h>

#include <linux/capability.h>

#include "cuse/credentials.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace dmaheap::cuse;

namespace {

constexpr std::uint64_t kOverride = std::uint64_t{ 1 } << CAP_DAC_OVERRIDE;

struct stat file_of(mode_t mode, uid_t owner, gid_t group)
{
    struct stat file{};
    file.st_mode = mode;
    file.st_uid = owner;
    file.st_gid = group;
    return file;
}

Credentials user(uid_t user, gid_t group, std::vector<gid_t> groups = {})
{
    Credentials who;
    who.user = user;
    who.group = group;
    who.groups = std::move(groups);
    return who;
}

Credentials with_override(std::vector<IdRange> users, std::vector<IdRange> groups)
{
    Credentials who = user(1000, 1000);
    who.capabilities = kOverride;
    who.users = std::move(users);
    who.all_groups = std::move(groups);
    return who;
}

constexpr const char *kStatus = "Name:\tUid:\\nUid:\nState:\tS (sleeping)\n"
                                "Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"
                                "Groups:\t44 100 \nCapEff:\t0000000000000002\n";

} // namespace

TEST_CASE("credentials: one class of the mode decides, as with a node", "[cuse]")
{
    const auto node = file_of(0660, 1, 44);

    CHECK(user(1, 9).may_use(node));
    CHECK(user(2, 44).may_use(node));
    CHECK(user(2, 9, { 8, 44 }).may_use(node));
    CHECK_FALSE(user(2, 9, { 8 }).may_use(node));
    CHECK_FALSE(user(1, 44).may_use(file_of(0066, 1, 44)));
    CHECK_FALSE(user(2, 44).may_use(file_of(0606, 1, 44)));
    CHECK(user(2, 9).may_use(file_of(0606, 1, 44)));
}

TEST_CASE("credentials: both reading and writing have to be allowed", "[cuse]")
{
    CHECK_FALSE(user(1, 1).may_use(file_of(0444, 1, 1)));
    CHECK_FALSE(user(1, 1).may_use(file_of(0222, 1, 1)));
    CHECK(user(0, 0).may_use(file_of(0600, 0, 0)));
    CHECK_FALSE(user(0, 0).may_use(file_of(0600, 1, 1))); // root's id without root's rights
}

TEST_CASE("credentials: a folder is entered by its search bit", "[cuse]")
{
    CHECK(user(2, 9).may_enter(file_of(0755, 0, 0)));
    CHECK_FALSE(user(2, 9).may_enter(file_of(0750, 0, 0)));
    CHECK(user(2, 9, { 44 }).may_enter(file_of(0710, 0, 44)));
    CHECK_FALSE(user(2, 9, { 44 }).may_enter(file_of(0766, 0, 44)));
}

TEST_CASE("credentials: a capability is worth what its user namespace holds", "[cuse]")
{
    const auto node = file_of(0600, 0, 0);

    CHECK(with_override({ { 0, 4294967295 } }, { { 0, 4294967295 } }).may_use(node));
    CHECK_FALSE(with_override({ { 1000, 1 } }, { { 1000, 1 } }).may_use(node));
    CHECK_FALSE(with_override({ { 0, 1 } }, { { 1000, 1 } }).may_use(node));
    CHECK_FALSE(with_override({}, {}).may_use(node));
    CHECK(with_override({ { 5, 2 }, { 0, 1 } }, { { 0, 1 } }).may_use(node));
}

TEST_CASE("credentials: they are read from what the kernel tells of a thread", "[cuse]")
{
    const auto found = parse_status(kStatus);
    REQUIRE(found);

    CHECK(found->user == 4);
    CHECK(found->group == 8);
    CHECK(found->groups == std::vector<gid_t>{ 44, 100 });
    CHECK(found->capabilities == 2);
    CHECK_FALSE(parse_status(""));
    CHECK_FALSE(parse_status("Uid:\t1\t2\t3\t4\n"));
}

TEST_CASE("credentials: a map of ids is read line by line", "[cuse]")
{
    const auto map =
        parse_id_map("         0       1000          1\n         1     100000      65536\n");

    REQUIRE(map.size() == 2);
    CHECK(map[0].first == 1000);
    CHECK(map[1].first == 100000);
    CHECK(map[1].count == 65536);
    CHECK(parse_id_map("").empty());
}

TEST_CASE("credentials: one's own are one's own", "[cuse]")
{
    const auto own = credentials_of(::gettid());

    REQUIRE(own);
    CHECK(own->user == ::geteuid());
    CHECK(own->group == ::getegid());
    CHECK_FALSE(credentials_of(0));
}
