// SPDX-License-Identifier: MIT
#include <filesystem>
#include <string>

#include "cuse/mount_table.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

using namespace dmaheap;
using namespace dmaheap::cuse;

TEST_CASE("mount_table: a line tells where, what and whose", "[cuse]")
{
    const auto mounts =
        mounts_in("36 35 98:0 / /mnt/a\\040b rw,noatime shared:1 master:2 - ext3 /dev/\\134x rw\n"
                  "37 36 0:52 / /mnt/a\\040b/ion rw - fuse.dmaheapd /mnt rw,user_id=0\n"
                  "nonsense\n");

    REQUIRE(mounts.size() == 2);
    CHECK(mounts[0].id == 36);
    CHECK(mounts[0].parent == 35);
    CHECK(mounts[0].point == "/mnt/a b");
    CHECK(mounts[0].type == "ext3");
    CHECK(mounts[0].source == "/dev/\\x");
    CHECK(mounts[1].point == "/mnt/a b/ion");
    CHECK(mounts[1].type == "fuse.dmaheapd");
}

TEST_CASE("mount_table: of those at one place the topmost is found, in whatever order", "[cuse]")
{
    const auto mounts = mounts_in("9 8 0:3 / /a rw - tmpfs third rw\n"
                                  "7 1 0:1 / /a rw - tmpfs first rw\n"
                                  "8 7 0:2 / /a rw - tmpfs second rw\n"
                                  "10 9 0:4 / /a/b rw - tmpfs other rw\n");

    REQUIRE(topmost_at("/a", mounts));
    CHECK(topmost_at("/a", mounts)->source == "third");
    CHECK(topmost_at("/a/b", mounts)->source == "other");
    CHECK(topmost_at("/b", mounts) == nullptr);
}

TEST_CASE("mount_table: it shows no links, but what a path ends with may be anything", "[cuse]")
{
    const test::TempDir folder;
    std::filesystem::create_symlink(folder.path(), folder.path() + "/link");

    CHECK(as_in_table(folder.path() + "/link/ion") == folder.path() + "/ion");
    CHECK(as_in_table(folder.path() + "/link") == folder.path() + "/link");
    CHECK(as_in_table("/nowhere/ion") == "/nowhere/ion");
}
