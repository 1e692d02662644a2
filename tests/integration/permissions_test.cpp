// SPDX-License-Identifier: MIT
#include <cerrno>
#include <filesystem>
#include <set>

#include <unistd.h>

#include <sys/stat.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

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
