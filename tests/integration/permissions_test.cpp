// SPDX-License-Identifier: MIT
#include <cerrno>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/time.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"

using namespace dmaheap::test;

namespace {

constexpr int kNobody = 65534;
constexpr int kGroup = 12345;

// What a client gets that is not root: 0 or an errno of open.
int open_as_nobody(const Daemon &daemon, bool with_group)
{
    Client client;
    REQUIRE((with_group ? client.error("become", kNobody, kNobody, kGroup)
                        : client.error("become", kNobody, kNobody)) == 0);

    const Answer opened = client.ask("open", daemon.node());
    if (opened.ok())
        CHECK(client.error("alloc", opened.value(), 4096) == 0);
    return opened.error();
}

mode_t mode_of(const std::string &path)
{
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

} // namespace

TEST_CASE("permissions: a node is root's alone until someone changes that", "[permissions]")
{
    Scene scene;
    const std::string node = scene.daemon.node();

    CHECK(mode_of(node) == 0600);
    CHECK(open_as_nobody(scene.daemon, false) == EACCES);
    CHECK(open_as_nobody(scene.daemon, true) == EACCES);

    REQUIRE(::chown(node.c_str(), 0, kGroup) == 0);
    REQUIRE(::chmod(node.c_str(), 0660) == 0);
    CHECK(mode_of(node) == 0660);
    CHECK(open_as_nobody(scene.daemon, false) == EACCES);
    CHECK(open_as_nobody(scene.daemon, true) == 0);

    REQUIRE(::chmod(node.c_str(), 0666) == 0);
    CHECK(open_as_nobody(scene.daemon, false) == 0);

    REQUIRE(::chown(node.c_str(), kNobody, kGroup) == 0);
    REQUIRE(::chmod(node.c_str(), 0060) == 0);
    CHECK(open_as_nobody(scene.daemon, true) == EACCES);
    REQUIRE(::chmod(node.c_str(), 0600) == 0);
    CHECK(open_as_nobody(scene.daemon, false) == 0);
}

TEST_CASE("permissions: they are as the command line says", "[permissions]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,mode=0660,group=12345" } });

    CHECK(mode_of(scene.daemon.node()) == 0660);
    CHECK(open_as_nobody(scene.daemon, false) == EACCES);
    CHECK(open_as_nobody(scene.daemon, true) == 0);
}

TEST_CASE("permissions: who is not root cannot change them", "[permissions]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,mode=0666" } });
    REQUIRE(open_as_nobody(scene.daemon, false) == 0);

    Client client;
    client.get("become", kNobody, kNobody);
    CHECK(client.error("chmod", scene.daemon.node(), 0777) == EPERM);
    CHECK(mode_of(scene.daemon.node()) == 0666);
}

TEST_CASE("permissions: bits that no open asks for are kept and lost as those of a device",
          "[permissions]")
{
    Scene scene;
    const std::string node = scene.daemon.node();

    REQUIRE(::chmod(node.c_str(), 07777) == 0);
    CHECK(mode_of(node) == 07777);
    REQUIRE(::chown(node.c_str(), kNobody, kGroup) == 0);
    CHECK(mode_of(node) == 01777); // whoever gets a file gets no one else's rights with it

    Client client;
    client.get("become", kNobody, kNobody);
    CHECK(client.error("chmod", node, 06600) == 0);
    CHECK(mode_of(node) == 04600); // not a member of the group: setattr_prepare()
}

TEST_CASE("permissions: nothing can be made or removed in the folder of the mount", "[permissions]")
{
    if (chosen().frontend != "fuse")
        return skip("changes of the folder", "with CUSE it is an ordinary one, and root's");

    Scene scene;
    const std::string node = scene.daemon.node();
    const std::string other = scene.daemon.node("other");
    const auto refused = [](int returned) { return returned == -1 ? errno : 0; };

    CHECK(refused(::open(other.c_str(), O_WRONLY | O_CREAT, 0666)) == EPERM);
    CHECK(refused(::mkdir(other.c_str(), 0777)) == EPERM);
    CHECK(refused(::mknod(other.c_str(), S_IFREG | 0666, 0)) == EPERM);
    CHECK(refused(::mkfifo(other.c_str(), 0666)) == EPERM);
    CHECK(refused(::symlink("integration", other.c_str())) == EPERM);
    CHECK(refused(::link(node.c_str(), other.c_str())) == EPERM);
    CHECK(refused(::rename(node.c_str(), other.c_str())) == EPERM);
    CHECK(refused(::unlink(node.c_str())) == EPERM);
    CHECK(refused(::rmdir(node.c_str())) == ENOTDIR);
    CHECK(refused(::truncate(node.c_str(), 4096)) == EINVAL);
    CHECK(refused(::utimes(node.c_str(), nullptr)) == 0); // touch
    expect_served(scene.daemon);
}

TEST_CASE("permissions: the folder lists the heaps", "[permissions]")
{
    const std::vector<std::string> names = { "one", "two", "linux,three" };
    Daemon daemon({ .heaps = names });
    const auto folder = std::filesystem::path(daemon.node("one")).parent_path();

    std::set<std::string> listed;
    for (const auto &entry : std::filesystem::directory_iterator(folder))
        listed.insert(entry.path().filename());

    for (const std::string &name : names)
        CHECK(listed.contains(name));
    CHECK_FALSE(std::filesystem::exists(folder / "four"));
}
