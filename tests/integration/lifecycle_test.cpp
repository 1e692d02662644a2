// SPDX-License-Identifier: MIT
#include <csignal>
#include <filesystem>
#include <fstream>
#include <list>
#include <vector>

#include <sys/mount.h>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"
#include "tests/support/proc.h"

using namespace dmaheap::test;

namespace {

bool on_cuse()
{
    return chosen().frontend == "cuse";
}

// For scenarios about the folder of the nodes.
bool has_no_root()
{
    if (on_cuse())
        skip("another root than /dev", "CUSE has its nodes in /dev only");
    return on_cuse();
}

// A daemon that is not expected to serve.
Ran run_daemon(const DaemonOptions &options, const std::string &root)
{
    return run(daemon_command(options, root));
}

bool is_one_line(const std::string &text)
{
    return text.find('\n') == text.size() - 1;
}

} // namespace

TEST_CASE("lifecycle: SIGTERM and SIGINT leave nothing", "[lifecycle]")
{
    for (const int signal : { SIGTERM, SIGINT }) {
        const TempDir root;
        Daemon daemon({ .root = root.path() });
        const std::string node = daemon.node();
        warm_up(daemon);
        CHECK(std::filesystem::exists(node));
        CHECK(mounts_under(root.path()) == (on_cuse() ? 0 : 1));

        CHECK(daemon.stop(signal) == exited(0));

        CHECK_FALSE(std::filesystem::exists(node));
        CHECK(mounts_under(root.path()) == 0);
        CHECK(std::filesystem::is_empty(root.path()));
    }
}

TEST_CASE("lifecycle: it ends under load, and clients get an error", "[lifecycle]")
{
    for (int round = 0; round < times(10); ++round) {
        Scene scene;
        std::list<Opened> clients;
        for (int index = 0; index < 4; ++index)
            clients.emplace_back(scene.daemon);
        for (Opened &opened : clients)
            opened.client.tell("cycle-on", opened.heap, 4096);
        CHECK(await([&] { return scene.daemon.live().buffers > 0; }));

        CHECK(scene.daemon.stop(round % 2 == 0 ? SIGTERM : SIGINT) == exited(0));

        for (Opened &opened : clients) {
            const Answer answer = opened.client.hear();
            if (answer.words.empty())
                CHECK(opened.client.process().wait() == std::nullopt);
            else
                CHECK(answer.error() > 0);
        }
    }
}

TEST_CASE("lifecycle: it ends while buffers and nodes are in use", "[lifecycle]")
{
    const TempDir root;
    Daemon daemon({ .root = root.path() });
    Opened opened(daemon);
    const long long buffer = opened.client.get("alloc", opened.heap, 4096);
    opened.client.get("map", buffer, 4096);

    CHECK(daemon.stop() == exited(0));

    CHECK(mounts_under(root.path()) == 0);
    CHECK(opened.client.error("alloc", opened.heap, 4096) > 0);
}

TEST_CASE("lifecycle: what is let go of is given back without anybody asking", "[lifecycle]")
{
    constexpr int kBuffers = 20; // each takes a descriptor where there is no udmabuf
    Scene scene;
    Opened opened(scene.daemon);
    const int before = proc::descriptors(scene.daemon.pid());
    std::vector<long long> buffers;
    for (int count = 0; count < kBuffers; ++count)
        buffers.push_back(opened.client.get("alloc", opened.heap, 4096));

    for (const long long buffer : buffers)
        opened.client.get("close", buffer);

    CHECK(await([&] { return proc::descriptors(scene.daemon.pid()) < before + kBuffers / 2; }));
}

TEST_CASE("lifecycle: it has no children", "[lifecycle]")
{
    Scene scene;
    CHECK(proc::children(scene.daemon.pid()).empty());
}

TEST_CASE("lifecycle: a folder that was there stays, and so does what is in it", "[lifecycle]")
{
    if (has_no_root())
        return;
    const TempDir root;
    const std::string folder = root.path() + "/dma_heap";
    std::filesystem::create_directory(folder);

    Daemon daemon({ .root = root.path() });
    CHECK(std::filesystem::exists(daemon.node()));
    CHECK(daemon.stop() == exited(0));

    CHECK(std::filesystem::is_directory(folder));
    CHECK(std::filesystem::is_empty(folder));
}

TEST_CASE("lifecycle: a second daemon for the same names is refused", "[lifecycle]")
{
    const TempDir root;
    Daemon first({ .root = root.path() });

    const Ran second = run_daemon({}, root.path());

    INFO(second.output);
    CHECK(second.outcome == exited(1));
    CHECK(second.output.contains("another dmaheapd"));
    warm_up(first);
    CHECK(first.stop() == exited(0));
    CHECK(mounts_under(root.path()) == 0);
}

TEST_CASE("lifecycle: two daemons with roots of their own do not disturb each other", "[lifecycle]")
{
    if (has_no_root())
        return;
    Daemon first;
    Daemon second;

    warm_up(first);
    warm_up(second);
    CHECK(first.stop() == exited(0));
    warm_up(second);
    CHECK(second.stop() == exited(0));
}

TEST_CASE("lifecycle: the mount of a killed predecessor is cleaned up", "[lifecycle]")
{
    const TempDir root;
    for (int times = 0; times < 3; ++times) {
        Daemon killed_one({ .root = root.path() });
        warm_up(killed_one);
        CHECK(killed_one.stop(SIGKILL) == killed(SIGKILL));
    }

    Daemon daemon({ .root = root.path() });
    warm_up(daemon);
    CHECK(mounts_under(root.path()) == (on_cuse() ? 0 : 1));
    CHECK(daemon.stop() == exited(0));
    CHECK(mounts_under(root.path()) == 0);
}

TEST_CASE("lifecycle: a name that is taken is refused, or skipped when that is asked",
          "[lifecycle]")
{
    if (has_no_root())
        return;
    const TempDir root;
    const std::string folder = root.path() + "/dma_heap";
    std::filesystem::create_directory(folder);
    std::ofstream(folder + "/" + kHeap) << "taken";

    const Ran refused = run_daemon({}, root.path());
    INFO(refused.output);
    CHECK(refused.outcome == exited(1));
    CHECK(refused.output.contains(kHeap));
    CHECK(mounts_under(root.path()) == 0);
    CHECK(std::filesystem::file_size(folder + "/" + kHeap) == 5);
}

TEST_CASE("lifecycle: a root that is not there is an error, and nothing is left of it",
          "[lifecycle]")
{
    if (has_no_root())
        return;
    const TempDir root;

    const Ran ran = run_daemon({}, root.path() + "/missing/dev");

    INFO(ran.output);
    CHECK(ran.outcome == exited(1));
    CHECK(ran.output.contains("missing"));
    CHECK(std::filesystem::is_empty(root.path()));
}

TEST_CASE("lifecycle: what is wrong in options and config ends with 2 and one line", "[lifecycle]")
{
    const TempDir root;
    const std::string file = root.path() + "/config.toml";
    std::ofstream(file) << "[heap.one]\npolicy = \"system\"\nwrong-key = 1\n";

    for (const std::vector<std::string> &more :
         std::vector<std::vector<std::string>>{ { "--no-such-option" },
                                                { "--heap", "name=no-such-policy" },
                                                { "--heap", "name=system,limit=many" },
                                                { "--heap", "a/b" },
                                                { "--config", file },
                                                { "--config", file, "--check-config" },
                                                { "--config", root.path() + "/missing" } }) {
        const Ran ran = run_daemon({ .heaps = {}, .more = more }, root.path());
        INFO(more.back() << ": " << ran.output);
        CHECK(ran.outcome == exited(2));
        CHECK(is_one_line(ran.output));
    }
    CHECK(run_daemon({ .heaps = {}, .more = { "--config", file } }, root.path())
              .output.contains("config.toml:3"));
    CHECK(mounts_under(root.path()) == 0);
}

TEST_CASE("lifecycle: a config is checked without anything being started", "[lifecycle]")
{
    const TempDir root;
    const std::string file = root.path() + "/config.toml";
    std::ofstream(file) << "[heap.one]\npolicy = \"system\"\nlimit = \"64MiB\"\n";

    const Ran ran =
        run_daemon({ .heaps = {}, .more = { "--config", file, "--check-config" } }, root.path());

    INFO(ran.output);
    CHECK(ran.outcome == exited(0));
    CHECK_FALSE(std::filesystem::exists(root.path() + "/dma_heap"));
}
