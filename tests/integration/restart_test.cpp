// SPDX-License-Identifier: MIT
#include <csignal>
#include <cstdlib>
#include <list>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tests/integration/file_scene.h"
#include "tests/integration/restart_scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"

using namespace dmaheap::test;
using nlohmann::json;

namespace {

struct Holder {
    Client client;
    std::vector<long long> buffers = {};
};

/// Each has some more, of as many pages as there are holders, and some less.
void go_on(std::list<Holder> &holders, const std::string &node)
{
    int pages = 0;
    for (Holder &holder : holders) {
        const auto heap = holder.client.get("open", node);
        for (int count = 0; count < 5; ++count)
            holder.buffers.push_back(holder.client.get("alloc", heap, (pages + 1) * kPage));
        for (int count = 0; count < 2; ++count) {
            holder.client.get("close", holder.buffers.front());
            holder.buffers.erase(holder.buffers.begin());
        }
        holder.client.get("close", heap);
        ++pages;
    }
}

std::size_t held(const std::list<Holder> &holders)
{
    std::size_t count = 0;
    for (const Holder &holder : holders)
        count += holder.buffers.size();
    return count;
}

/// What is wrong with the daemon's view; empty when nothing is.
std::string compare(const Service &service, std::list<Holder> &holders)
{
    std::set<std::uint64_t> inodes;
    std::uint64_t bytes = 0;
    std::size_t of_holders = 0;
    const json buffers = service.ask("buffers");
    for (const json &buffer : buffers) {
        inodes.insert(buffer["inode"].get<std::uint64_t>());
        bytes += buffer["size"].get<std::uint64_t>();
        for (Holder &holder : holders)
            of_holders += buffer["pid"] == holder.client.pid() ? 1 : 0;
    }
    const json heap = service.ask("heaps")[0];
    if (buffers.size() != held(holders) || inodes.size() != buffers.size() ||
        of_holders != buffers.size() || heap["bytes"] != bytes || heap["buffers"] != buffers.size())
        return "held: " + std::to_string(held(holders)) + ", counted: " + buffers.dump() +
               heap.dump();
    return {};
}

constexpr long kUnit = 64 << 10;

const char *const kRegions = R"(
[region.pool]
size = "2MiB"
[heap.integration]
policy = "carveout"
region = "pool"
guarantee = "512KiB"
[heap.integration-camera]
policy = "reserved"
region = "pool"
buffers = 3
buffer-size = "256KiB"
[heap.integration-own]
policy = "contiguous"
limit = "4MiB"
)";

/// A heap of a region, and what somebody has of it.
struct Part {
    std::string heap;
    long size;                ///< of each buffer
    int most;                 ///< that there can be of them
    std::vector<long> others; ///< sizes of buffers that each are one of those
};

const std::vector<Part> kParts{ { "integration", kUnit, 20, { kUnit, kPage } },
                                { "integration-camera", 4 * kUnit, 3, { 4 * kUnit, kPage } },
                                { "integration-own", kUnit, 64, { kUnit, kUnit } } };

} // namespace

TEST_CASE("restart: a region is the same memory, of which nobody gets what is live", "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    Service service({ .heaps = {}, .more = { "-c", config_in(files, kRegions) } });
    constexpr std::size_t kWithRegions = kStored + 2;
    REQUIRE(service.manager.start(kWithRegions));
    Client holder;
    std::vector<long long> buffers;
    std::vector<long long> mappings;
    for (const Part &part : kParts) {
        const auto heap = holder.get("open", service.node(part.heap));
        for (const long size : part.others) {
            buffers.push_back(holder.get("alloc", heap, size));
            mappings.push_back(holder.get("map", buffers.back(), size));
            holder.ask("fill", mappings.back(), kPattern);
        }
        holder.get("close", heap);
    }

    for (const int signal : { SIGKILL, SIGTERM, SIGKILL }) {
        Client busy;
        busy.tell("cycle-on", busy.get("open", service.node()), kPage);
        REQUIRE(service.manager.end(signal));
        busy.hear();
        REQUIRE(service.manager.start(kWithRegions));

        CHECK(service.ask("buffers").size() == buffers.size());
        for (const Part &part : kParts)
            CHECK(use_the_rest(service.node(part.heap), part.size) ==
                  part.most - static_cast<int>(part.others.size()));
        for (const long long mapping : mappings)
            CHECK(holder.get("compare", mapping, kPattern) == 0);
    }

    holder.process().signal(SIGKILL);
    CHECK(await([&] { return service.ask("buffers").empty(); }));
    for (const Part &part : kParts)
        CHECK(use_the_rest(service.node(part.heap), part.size) == part.most);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

TEST_CASE("restart: a region that has another size is made anew", "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    const std::string config = config_in(files, kRegions);
    Service service({ .heaps = {}, .more = { "-c", config } });
    REQUIRE(service.manager.start(kStored + 2));
    Client holder;
    const auto buffer =
        holder.get("alloc", holder.get("open", service.node("integration-camera")), 4 * kUnit);
    const auto mapping = holder.get("map", buffer, 4 * kUnit);
    holder.ask("fill", mapping, kPattern);
    REQUIRE(service.manager.end(SIGKILL));

    std::string larger = kRegions;
    larger.replace(larger.find("2MiB"), 4, "3MiB");
    config_in(files, larger);
    REQUIRE(service.manager.start(kStored + 2));

    CHECK(service.ask("buffers").size() == 1);
    CHECK(use_the_rest(service.node("integration-camera"), 4 * kUnit) == 3);
    CHECK(holder.get("compare", mapping, kPattern) == 0);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

TEST_CASE("restart: a heap that the config has no more is there as long as its buffers",
          "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    const std::string stays = "[heap." + std::string(kHeap) + "]\n";
    const std::string config = config_in(files, stays + "[heap.integration-goes]\n");
    Service service({ .heaps = {}, .more = { "-c", config } });
    REQUIRE(service.manager.start(kStored));
    Client holder;
    holder.get("alloc", holder.get("open", service.node("integration-goes")), 3 * kPage);
    REQUIRE(service.manager.end(SIGKILL));

    config_in(files, stays);
    REQUIRE(service.manager.start(kStored));

    const auto heaps = service.ask("heaps");
    REQUIRE(heaps.size() == 2);
    CHECK(heaps[1]["name"] == "integration-goes");
    CHECK(heaps[1]["node"] == "");
    CHECK(heaps[1]["bytes"] == 3 * kPage);
    CHECK(heaps[1]["allocations"] == 0);
    holder.process().signal(SIGKILL);
    CHECK(await([&] { return service.ask("heaps").size() == 1; }));
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

TEST_CASE("restart: one that is refused wipes nothing that is live", "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const Folder files;
    Service service({ .heaps = {}, .more = { "-c", config_in(files, kRegions) } });
    REQUIRE(service.manager.start(kStored + 2));
    Client holder;
    const auto heap = holder.get("open", service.node("integration-camera"));
    const auto buffer = holder.get("alloc", heap, 4 * kUnit);
    const auto mapping = holder.get("map", buffer, 4 * kUnit);
    holder.ask("fill", mapping, kPattern);
    REQUIRE(service.manager.end(SIGKILL));

    const std::string socket = service.root() + "/control.sock"; // comes last
    ::unlink(socket.c_str());
    ::mkdir(socket.c_str(), 0755);
    CHECK(service.manager.start_in_vain() == exited(1));
    CHECK(holder.get("compare", mapping, kPattern) == 0);
    ::rmdir(socket.c_str());

    REQUIRE(service.manager.start(kStored + 2));
    CHECK(service.ask("buffers").size() == 1);
    CHECK(use_the_rest(service.node("integration-camera"), 4 * kUnit) == 2);
    CHECK(holder.get("compare", mapping, kPattern) == 0);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

TEST_CASE("restart: nothing is lost and nothing counted twice, with a store", "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    Service service;
    REQUIRE(service.manager.start(kStored));
    std::list<Holder> holders(3);
    for (const int signal : { SIGKILL, SIGTERM, SIGKILL }) {
        go_on(holders, service.node());
        CHECK(compare(service, holders).empty());
        std::list<Client> busy(3);
        for (Client &client : busy)
            client.tell("cycle-on", client.get("open", service.node()), kPage);

        REQUIRE(service.manager.end(signal));
        for (Client &client : busy)
            client.hear();
        holders.front().client.get("close", holders.front().buffers.back()); // while nobody looks
        holders.front().buffers.pop_back();
        REQUIRE(service.manager.start(kStored));

        std::string difference;
        CHECK(await([&] {
            difference = compare(service, holders);
            return difference.empty();
        }));
        CHECK(difference == "");
    }
    // What the limit leaves is what is not live.
    const auto heap = holders.front().client.get("open", service.node());
    CHECK(holders.front().client.error("alloc", heap, 8 << 20) == ENOMEM);
    for (Holder &holder : holders)
        holder.client.process().signal(SIGKILL);
    CHECK(await([&] { return service.ask("buffers").empty(); }));
    Client last;
    last.get("alloc", last.get("open", service.node()), 8 << 20);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

TEST_CASE("restart: beside a heap over a file, dma-bufs are counted, and its buffers are not",
          "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");
    if (files_cannot_be_run())
        return;

    const Folder files;
    const Window window(files.file("window"));
    const std::string over_file = "integration-file";
    Service service({ .heaps = { kLimited },
                      .exporter = exporter_with_files(),
                      .more = { "-c", config_in(files, board(line("file", files.file("window")),
                                                             over_file)) } });
    REQUIRE(service.manager.start(kStored));
    Client client;
    client.get("alloc", client.get("open", service.node()), kPage);
    client.get("alloc", client.get("open", service.node(over_file)), kPage);
    CHECK(service.ask("buffers").size() == 2);

    REQUIRE(service.manager.end(SIGKILL));
    REQUIRE(service.manager.start(kStored));

    const json buffers = service.ask("buffers");
    INFO(buffers.dump());
    REQUIRE(buffers.size() == 1);
    CHECK(buffers[0]["heap"] == kHeap);
    client.get("alloc", client.get("open", service.node(over_file)), kFileSize);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

TEST_CASE("restart: half of what is in the store is refused, and the daemon starts without",
          "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    const std::string lost = GENERATE("dmaheapd-watched", "dmaheapd-state");
    Service service;
    REQUIRE(service.manager.start(kStored));
    Client client;
    client.get("alloc", client.get("open", service.node()), kPage);
    REQUIRE(service.manager.end(SIGKILL));
    service.manager.store().erase(lost);

    REQUIRE(service.manager.start(kStored));

    CHECK(service.log.await_line("cannot be used"));
    CHECK(service.ask("buffers").empty());
    client.get("alloc", client.get("open", service.node()), kPage);
    CHECK(service.ask("buffers").size() == 1);
    CHECK(service.manager.end(SIGTERM) == exited(0));
}

TEST_CASE("restart: garbage in the store is refused, and the daemon starts without", "[restart]")
{
    if (chosen().exporter != "udmabuf")
        return skip("restart", "only dma-bufs outlive the daemon's knowledge of them");

    Service service;
    service.manager.store()["dmaheapd-watched"].reset(::memfd_create("garbage", MFD_CLOEXEC));
    service.manager.store()["dmaheapd-state"].reset(::memfd_create("garbage", MFD_CLOEXEC));

    REQUIRE(service.manager.start(kStored));

    CHECK(service.log.await_line("cannot be used"));
    Client client;
    client.get("alloc", client.get("open", service.node()), kPage);
    CHECK(service.ask("buffers").size() == 1);
    CHECK(service.manager.end(SIGTERM) == exited(0));
    CHECK(
        service.log.await_line("was given what the next daemon counts the dma-bufs among them by"));
}
