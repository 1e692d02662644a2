// SPDX-License-Identifier: MIT
//
// Huge pages that the kernel was asked for, and that outlive a daemon in the store.
#include <csignal>
#include <fstream>
#include <string>

#include "tests/integration/file_scene.h"
#include "tests/integration/restart_scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;

namespace {

constexpr long kHugePage = 2 << 20;
constexpr const char *kPool = "/sys/kernel/mm/hugepages/hugepages-2048kB/";

long in_pool(const char *which)
{
    long pages = -1;
    std::ifstream(std::string(kPool) + which) >> pages;
    return pages;
}

bool cannot_be_run()
{
    if (chosen().exporter != "udmabuf") {
        skip("restart", "only dma-bufs outlive the daemon's knowledge of them");
        return true;
    }
    if (in_pool("free_hugepages") != 0) {
        skip("restart", "this machine has huge pages already");
        return true;
    }
    return false;
}

std::string region(const std::string &name, int pages)
{
    return "[region." + name + "]\nsize = \"" + std::to_string(2 * pages) +
           "MiB\"\npages = \"2MiB\"\nhugepages = \"reserve\"\n";
}

const std::string kHeapOfPool = "[heap.integration]\npolicy = \"contiguous\"\nregion = \"pool\"\n";

} // namespace

TEST_CASE("restart: huge pages that were asked for are the same, and go back in the end",
          "[restart]")
{
    if (cannot_be_run())
        return;

    const long before = in_pool("nr_hugepages");
    const Folder files;
    Service service(
        { .heaps = {}, .more = { "-c", config_in(files, region("pool", 4) + kHeapOfPool) } });
    REQUIRE(service.manager.start(kStored + 1));
    CHECK(in_pool("nr_hugepages") == before + 4);
    Client holder;
    const auto buffer = holder.get("alloc", holder.get("open", service.node()), kHugePage);
    const auto mapping = holder.get("map", buffer, kHugePage);
    holder.ask("fill", mapping, kPattern);

    for (const int signal : { SIGKILL, SIGTERM, SIGTERM, SIGKILL }) {
        REQUIRE(service.manager.end(signal));
        REQUIRE(service.manager.start(kStored + 1));

        CHECK(service.log.tail().find("made anew") == std::string::npos);
        CHECK(service.ask("buffers").size() == 1);
        CHECK(use_the_rest(service.node(), kHugePage) == 3);
        CHECK(holder.get("compare", mapping, kPattern) == 0);
        CHECK(in_pool("nr_hugepages") == before + 4);
    }

    holder.process().signal(SIGKILL);
    CHECK(await([&] { return service.ask("buffers").empty(); }));
    CHECK(use_the_rest(service.node(), kHugePage) == 4);
    CHECK(service.manager.end(SIGTERM) == exited(0));
    service.manager.store().clear();
    CHECK(await([&] { return in_pool("nr_hugepages") == before; }));
}

TEST_CASE("restart: a heap's own region of another size needs no more memory than the larger one",
          "[restart]")
{
    if (cannot_be_run())
        return;

    const long before = in_pool("nr_hugepages");
    const Folder files;
    const std::string heap = "[heap.integration]\npolicy = \"contiguous\"\nlimit = ";
    Service service({ .heaps = {}, .more = { "-c", config_in(files, heap + "\"8MiB\"") } });
    REQUIRE(service.manager.start(kStored + 1));
    CHECK(in_pool("nr_hugepages") == before + 4);

    for (const int pages : { 6, 2 }) {
        REQUIRE(service.manager.end(pages == 2 ? SIGTERM : SIGKILL));
        config_in(files, heap + '"' + std::to_string(2 * pages) + "MiB\"");
        REQUIRE(service.manager.start(kStored + 1));

        CHECK(in_pool("nr_hugepages") == before + pages);
        CHECK(use_the_rest(service.node(), kHugePage) == pages);
    }
    CHECK(service.manager.end(SIGTERM) == exited(0));
    service.manager.store().clear();
    CHECK(await([&] { return in_pool("nr_hugepages") == before; }));
}

TEST_CASE("restart: a region with another name takes the pages of the one that is gone",
          "[restart]")
{
    if (cannot_be_run())
        return;

    const long before = in_pool("nr_hugepages");
    const Folder files;
    const std::string pool = region("pool", 4) + kHeapOfPool;
    Service service({ .heaps = {}, .more = { "-c", config_in(files, pool) } });
    REQUIRE(service.manager.start(kStored + 1));
    REQUIRE(service.manager.end(SIGKILL));

    std::string renamed = pool;
    for (auto at = renamed.find("pool"); at != std::string::npos; at = renamed.find("pool"))
        renamed.replace(at, 4, "camera");
    config_in(files, renamed);
    REQUIRE(service.manager.start(kStored + 1));

    CHECK(in_pool("nr_hugepages") == before + 4);
    CHECK(use_the_rest(service.node(), kHugePage) == 4);
    CHECK(service.manager.end(SIGTERM) == exited(0));
    service.manager.store().clear();
    CHECK(await([&] { return in_pool("nr_hugepages") == before; }));
}

TEST_CASE("restart: huge pages of another region, asked for beside, go back as well", "[restart]")
{
    if (cannot_be_run())
        return;

    const long before = in_pool("nr_hugepages");
    const Folder files;
    const std::string pool = region("pool", 2) + kHeapOfPool;
    Service service({ .heaps = {}, .more = { "-c", config_in(files, pool) } });
    REQUIRE(service.manager.start(kStored + 1));
    REQUIRE(service.manager.end(SIGTERM) == exited(0));

    config_in(files, pool + region("beside", 3));
    for (const int signal : { SIGKILL, SIGTERM }) {
        REQUIRE(service.manager.start(kStored + 2));
        CHECK(in_pool("nr_hugepages") == before + 5);
        CHECK(use_the_rest(service.node(), kHugePage) == 2);
        REQUIRE(service.manager.end(signal));
    }
    config_in(files, "[heap.integration]\n");
    REQUIRE(service.manager.start(kStored));

    CHECK(service.manager.end(SIGTERM) == exited(0));
    CHECK(service.manager.store().size() == kStored);
    CHECK(await([&] { return in_pool("nr_hugepages") == before; }));
}
