// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <sys/mount.h>

#include "cuse/fuse_mount.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/skip.h"

using namespace dmaheap;
using namespace dmaheap::cuse;

namespace {

/// Whatever is mounted here is seen by nobody else and ends with this program.
void enter_private_namespace()
{
    static const int error = [] {
        const int namespaces = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
        if (::unshare(namespaces) == -1)
            return errno;
        return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == -1 ? errno : 0;
    }();
    if (error != 0)
        test::skip_program(std::string("no mount namespace can be made: ") + std::strerror(error));
    if (::access("/dev/fuse", R_OK | W_OK) == -1)
        test::skip_program(std::string("/dev/fuse: ") + std::strerror(errno));
}

struct Fixture {
    Fixture() { enter_private_namespace(); }

    [[nodiscard]] std::string folder(const std::string &name) const
    {
        std::string path = root->path() + "/" + name;
        std::filesystem::create_directory(path);
        return path;
    }

    /// Leaves a mount behind, as a daemon does that is killed.
    static void leave_stale_mount(const std::string &folder)
    {
        test::Child daemon([&folder](const test::Line &) -> int {
            const auto mount = make_mount({ Permissions::by_mode, S_IFDIR, folder });
            const auto attached = AttachedMount::attach(mount->root.get(), folder);
            ::_exit(attached ? 0 : 1);
        });
        REQUIRE(daemon.wait() == 0);
        REQUIRE(test::mounts_under(escaped(folder)) > 0);
    }

    /// As /proc/self/mountinfo spells it.
    static std::string escaped(const std::string &path)
    {
        std::string spelled;
        for (const char letter : path)
            spelled += letter == ' '    ? std::string("\\040")
                       : letter == '\\' ? std::string("\\134")
                                        : std::string(1, letter);
        return spelled;
    }

    std::optional<test::TempDir> root{ std::in_place };
};

} // namespace

TEST_CASE_METHOD(Fixture, "fuse_mount: stale mounts are taken away, all of them", "[cuse]")
{
    const std::string place = folder("dma_heap");
    leave_stale_mount(place);
    leave_stale_mount(place);

    CHECK(remove_stale_mounts(place) == 2);

    CHECK(test::mounts_under(place) == 0);
    CHECK(remove_stale_mounts(place) == 0);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: a folder's name may have anything in it", "[cuse]")
{
    const std::string place = folder("a b \\040 c");
    leave_stale_mount(place);

    CHECK(remove_stale_mounts(place) == 1);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: mounts at other folders stay", "[cuse]")
{
    const std::string place = folder("dma_heap");
    const std::string other = folder("dma_heap2");
    leave_stale_mount(other);

    CHECK(remove_stale_mounts(place) == 0);
    CHECK(remove_stale_mounts(root->path()) == 0);
    CHECK(stale_mounts_in(root->path()) == std::vector{ other });
    CHECK(stale_mounts_in(other).empty());
    CHECK(test::mounts_under(other) == 1);
    CHECK(remove_stale_mounts(other) == 1);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: mounts that are not ours stay", "[cuse]")
{
    const std::string place = folder("dma_heap");
    REQUIRE(::mount("fuse.dmaheapd", place.c_str(), "tmpfs", 0, nullptr) == 0);

    CHECK(remove_stale_mounts(place) == 0);

    CHECK(test::mounts_under(place) == 1);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: a mount of ours that somebody has put elsewhere stays",
                 "[cuse]")
{
    const std::string place = folder("dma_heap");
    const std::string elsewhere = folder("elsewhere");
    leave_stale_mount(place);
    REQUIRE(::mount(place.c_str(), elsewhere.c_str(), nullptr, MS_BIND, nullptr) == 0);

    CHECK(stale_mounts_in(root->path()) == std::vector{ place });
    CHECK(remove_stale_mounts(elsewhere) == 0);
    CHECK(test::mounts_under(elsewhere) == 1);
    CHECK(remove_stale_mounts(place) == 1);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: what somebody has put on top of it stays", "[cuse]")
{
    const std::string place = folder("dma_heap");
    leave_stale_mount(place);
    REQUIRE(::mount("other", place.c_str(), "tmpfs", 0, nullptr) == 0);

    CHECK(remove_stale_mounts(place) == 0);

    CHECK(test::mounts_under(place) == 2);
    REQUIRE(::umount2(place.c_str(), MNT_DETACH) == 0);
    CHECK(remove_stale_mounts(place) == 1);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: what is where one of ours is hidden stays", "[cuse]")
{
    const std::string around = folder("dev");
    const std::string place = folder("dev/dma_heap");
    leave_stale_mount(place);
    REQUIRE(::mount("other", around.c_str(), "tmpfs", 0, nullptr) == 0);
    REQUIRE(folder("dev/dma_heap") == place);
    REQUIRE(::mount("other", place.c_str(), "tmpfs", 0, nullptr) == 0);

    CHECK(stale_mounts_in(around).empty());
    CHECK(remove_stale_mounts(place) == 0);

    CHECK(test::mounts_under(place) == 2);
    REQUIRE(::umount2(around.c_str(), MNT_DETACH) == 0);
    CHECK(remove_stale_mounts(place) == 1);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: a path may be long, and lead through a link", "[cuse]")
{
    const std::string place = folder(std::string(200, 'a')) + '/' + std::string(200, 'b');
    std::filesystem::create_directory(place);
    const std::string link = root->path() + "/link";
    std::filesystem::create_symlink(std::filesystem::path(place).parent_path(), link);
    leave_stale_mount(place);

    CHECK(stale_mounts_in(link) == std::vector{ place });
    CHECK(remove_stale_mounts(link + '/' + std::string(200, 'b')) == 1);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: a mount that is attached nowhere goes with its descriptors",
                 "[cuse]")
{
    const int before = test::mounts_under("/");
    {
        const auto mount = make_mount({ Permissions::unchecked, S_IFDIR, {} });
        REQUIRE(mount);
        CHECK((::fcntl(mount->channel.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((::fcntl(mount->root.get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(test::mounts_under("/") == before);
    }

    CHECK(test::mounts_under("/") == before);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: an attached mount is taken away at its end, once", "[cuse]")
{
    const std::string place = folder("dma_heap");
    const auto mount = make_mount({ Permissions::unchecked, S_IFDIR, {} });
    REQUIRE(mount);
    {
        auto attached = AttachedMount::attach(mount->root.get(), place);
        REQUIRE(attached);
        CHECK(test::mounts_under(place) == 1);
        const AttachedMount moved = *std::move(attached);
        CHECK(test::mounts_under(place) == 1);
    }

    CHECK(test::mounts_under(place) == 0);
}

TEST_CASE_METHOD(Fixture, "fuse_mount: a link in its place leads to no other mount", "[cuse]")
{
    const std::string place = folder("dma_heap");
    const std::string other = folder("other");
    const auto mount = make_mount({ Permissions::unchecked, S_IFDIR, {} });
    REQUIRE(mount);
    REQUIRE(::mount("other", other.c_str(), "tmpfs", 0, nullptr) == 0);
    {
        const auto attached = AttachedMount::attach(mount->root.get(), place);
        REQUIRE(attached);
        REQUIRE(::umount2(place.c_str(), MNT_DETACH) == 0);
        REQUIRE(::rmdir(place.c_str()) == 0);
        REQUIRE(::symlink(other.c_str(), place.c_str()) == 0);
    }

    CHECK(test::mounts_under(other) == 1);
    CHECK_FALSE(AttachedMount::attach(mount->root.get(), place));
}

TEST_CASE_METHOD(Fixture, "fuse_mount: there is no attaching to what is not there", "[cuse]")
{
    const auto mount = make_mount({ Permissions::unchecked, S_IFDIR, {} });
    REQUIRE(mount);

    const auto attached = AttachedMount::attach(mount->root.get(), root->path() + "/missing");

    REQUIRE_FALSE(attached);
    CHECK(attached.error().code == ENOENT);
}
