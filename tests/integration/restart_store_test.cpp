// SPDX-License-Identifier: MIT
//
// What a service manager does not keep, or not under that name.
#include <csignal>
#include <string>
#include <vector>

#include "tests/integration/file_scene.h"
#include "tests/integration/restart_scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

/// The first of the regions is the heap's, and has room for four pages.
std::string config_of(const std::vector<std::string> &regions)
{
    std::string text;
    for (const std::string &name : regions)
        text += "[region." + name + "]\nsize = \"16KiB\"\n";
    return text + "[heap.integration]\npolicy = \"carveout\"\nregion = \"" + regions.front() +
           "\"\n";
}

std::vector<std::string> numbered(int count)
{
    std::vector<std::string> names;
    for (int number = 0; number < count; ++number)
        names.push_back("z" + std::to_string(number));
    return names;
}

/// There is a buffer, and the daemon is killed. What is live then is what it was.
void expect_counted(Service &service, std::size_t given, bool same_region)
{
    REQUIRE(service.manager.start(given));
    Client holder;
    const auto buffer = holder.get("alloc", holder.get("open", service.node()), kPage);
    const auto mapping = holder.get("map", buffer, kPage);
    holder.ask("fill", mapping, kPattern);
    REQUIRE(service.manager.end(SIGKILL));
    REQUIRE(service.manager.start(given));

    CHECK(service.ask("buffers").size() == 1);
    CHECK(use_the_rest(service.node(), kPage) == (same_region ? 3 : 4));
    CHECK(holder.get("compare", mapping, kPattern) == 0);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

} // namespace

TEST_CASE("restart: regions leave room in the store for what the live buffers are counted by",
          "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    const auto regions = numbered(63);
    Service service({ .heaps = {}, .more = { "-c", config_in(files, config_of(regions)) } });
    service.manager.keep_at_most(kStored + 1, false);

    expect_counted(service, kStored + regions.size(), true);

    CHECK(service.log.await_line("FileDescriptorStoreMax=65"));
}

TEST_CASE("restart: a region that the service manager does not keep is named", "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    Service service({ .heaps = {}, .more = { "-c", config_in(files, config_of(numbered(1))) } });
    service.manager.keep_at_most(kStored, true);

    expect_counted(service, kStored + 1, false);

    CHECK(service.log.await_line("region z0: is made anew by a restarted daemon"));
    CHECK(service.log.await_line("FileDescriptorStoreMax=3"));
}

TEST_CASE("restart: of several regions only those that are not kept are named, each time",
          "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    Service service({ .heaps = {}, .more = { "-c", config_in(files, config_of(numbered(3))) } });
    service.manager.keep_at_most(kStored + 2, true);
    REQUIRE(service.manager.start(kStored + 3));

    ::kill(service.manager.pid(), SIGHUP);

    CHECK(service.log.await_line("SIGHUP: serving"));
    CHECK(service.log.matching("region z0: is made anew by").empty());
    CHECK(service.log.matching("region z1: is made anew by").empty());
    CHECK(service.log.matching("region z2: is made anew by").size() == 2);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

TEST_CASE("restart: regions are told apart by names that are longer than the store's", "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    const std::string name(300, 'z');
    Service service(
        { .heaps = {}, .more = { "-c", config_in(files, config_of({ name, name + "z" })) } });

    expect_counted(service, kStored + 2, true);
}
