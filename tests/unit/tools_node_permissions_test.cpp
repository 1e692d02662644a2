// SPDX-License-Identifier: MIT
#include <array>
#include <fstream>
#include <string>

#include <sys/stat.h>

#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tools/dmaheapd/heap_spec.h"
#include "tools/dmaheapd/node_permissions.h"

using namespace dmaheap;
using namespace dmaheap::daemon;

namespace {

constexpr mode_t kAll = 0777;

/// The bits that decide for a user, as acl_permission_check() picks them.
mode_t allowed(const Access &access, uid_t user, gid_t group)
{
    if (user == access.owner)
        return access.mode >> 6 & 7;
    if (group == access.group)
        return access.mode >> 3 & 7;
    return access.mode & 7;
}

/// Whether nobody may do at any moment what they may do neither before nor after.
bool never_wider(const Access &now, const Access &wanted)
{
    const auto moments = way(now, wanted);
    for (const Access &moment : moments)
        for (uid_t user = 0; user < 4; ++user)
            for (gid_t group = 0; group < 4; ++group)
                if (mode_t either = allowed(now, user, group) | allowed(wanted, user, group);
                    (allowed(moment, user, group) & ~either) != 0)
                    return false;
    return moments.empty() ? now == wanted : moments.back() == wanted;
}

Access access_of(const std::string &file)
{
    struct stat status{};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    return { .mode = status.st_mode & kAll, .owner = status.st_uid, .group = status.st_gid };
}

std::string file_in(const test::TempDir &folder)
{
    std::string path = folder.path() + "/node";
    const std::ofstream file(path);
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    return path;
}

} // namespace

TEST_CASE("node_permissions: a node is at no moment open to more than before or after", "[tools]")
{
    constexpr std::array kOld{ Access{ 0600, 0, 0 }, Access{ 0660, 0, 1 }, Access{ 0666, 1, 2 },
                               Access{ 0060, 1, 1 } };
    for (const Access &now : kOld)
        for (mode_t mode = 0; mode <= kAll; ++mode)
            for (uid_t owner = 0; owner < 3; ++owner)
                for (gid_t group = 0; group < 3; ++group)
                    if (!never_wider(now, { mode, owner, group }))
                        FAIL("mode " << mode << " owner " << owner << " group " << group);
}

TEST_CASE("node_permissions: each step is one system call, and none is needless", "[tools]")
{
    const Access fresh{ 0600, 0, 0 };

    CHECK(way(fresh, fresh).empty());
    CHECK(way(fresh, { 0660, 0, 0 }) == std::vector{ Access{ 0660, 0, 0 } });
    CHECK(way(fresh, { 0600, 7, 8 }) == std::vector{ Access{ 0600, 7, 8 } });
    CHECK(way(fresh, { 0060, 7, 8 }) ==
          std::vector{ Access{ 0, 0, 0 }, Access{ 0, 7, 8 }, Access{ 0060, 7, 8 } });
}

TEST_CASE("node_permissions: what is not said stays as it is", "[tools]")
{
    const test::TempDir folder;
    const std::string node = file_in(folder);
    const Access fresh = access_of(node);

    REQUIRE(apply_to(node, {}));
    CHECK(access_of(node) == fresh);

    REQUIRE(apply_to(node, { .mode = 0640, .owner = {}, .group = {} }));
    CHECK(access_of(node) == Access{ 0640, fresh.owner, fresh.group });

    REQUIRE(apply_to(node, { .mode = {}, .owner = fresh.owner, .group = fresh.group }));
    CHECK(access_of(node) == Access{ 0640, fresh.owner, fresh.group });
}

TEST_CASE("node_permissions: a node that is not there is an error", "[tools]")
{
    const test::TempDir folder;

    CHECK(apply_to(folder.path() + "/none", { .mode = 0666, .owner = {}, .group = {} }) ==
          failure(ENOENT, ""));
}

TEST_CASE("node_permissions: a heap's accounts are looked up", "[tools]")
{
    config::Heap heap = config::parse_heap_spec("camera=system,mode=0660,owner=root,group=54321");
    const cuse::NodePermissions found = resolved("heap camera", heap);

    CHECK(found.mode == 0660U);
    CHECK(found.owner == 0U);
    CHECK(found.group == 54321U);
    CHECK_FALSE(resolved("heap camera", config::parse_heap_spec("camera")).owner);
    heap.owner = "gone-meanwhile";
    CHECK_THROWS_WITH(
        resolved("heap camera", heap),
        "heap camera: owner: \"gone-meanwhile\" is no user of this machine, and no number");
}
