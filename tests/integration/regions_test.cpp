// SPDX-License-Identifier: MIT
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"

using namespace dmaheap::test;

namespace {

/// A config file for the daemon.
class File {
public:
    explicit File(const std::string &text) : path_(folder_.path() + "/board.toml")
    {
        std::ofstream(path_) << text;
    }
    [[nodiscard]] const std::string &path() const { return path_; }

private:
    TempDir folder_;
    std::string path_;
};

constexpr long kMiB = 1 << 20;

/// What a region of more huge pages than any machine has is refused for here: that the machine has
/// none of this size at all, that the buffers cannot show them, or how many there are.
const char *refusal_of_huge_pages(long kibibytes)
{
    const std::filesystem::path pool =
        "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(kibibytes) + "kB";
    if (!std::filesystem::exists(pool))
        return "board.toml:3:9: region.r.pages: this machine has no pages of ";
    return chosen().exporter == "udmabuf"
               ? "board.toml:2:8: region.r.size: 4TiB cannot be had (free huge pages of this "
                 "machine"
               : "board.toml:3:9: region.r.pages: buffer files cannot show huge pages";
}

const char *const kBoard = R"(
[region.cma]
size = "8MiB"
[heap.integration]
policy = "contiguous"
region = "cma"
contiguity = "emulated"
aliases = ["integration,also", "integration-too"]
[heap.integration-camera]
policy = "reserved"
region = "cma"
buffers = 3
buffer-size = "1MiB"
[heap.integration-window]
policy = "carveout"
region = "cma"
guarantee = "1MiB"
)";

DaemonOptions options_of(const File &file)
{
    return { .heaps = {}, .more = { "-c", file.path() } };
}

std::string hear_of(Daemon &daemon, const std::string &text)
{
    return daemon.log().await_line(text, 0).value_or("no line with " + text);
}

/// Looks whether the buffer is zero, and leaves something else in it.
void use_up(Client &client, long long buffer, long size)
{
    const auto mapping = client.get("map", buffer, size);

    CHECK(client.get("compare", mapping, 0) == 0);
    client.ask("fill", mapping, 90);
    client.get("unmap", mapping);
}

/// How many buffers of that size there are at once, each of them used; they are closed again.
int count_buffers(Client &client, long long heap, long size)
{
    std::vector<long long> buffers;
    for (;;) {
        const Answer answer = client.ask("alloc", heap, size);
        if (!answer.ok()) {
            CHECK(answer.error() == ENOMEM);
            break;
        }
        buffers.push_back(answer.value());
        use_up(client, answer.value(), size);
    }
    for (const long long buffer : buffers)
        client.get("close", buffer);
    return static_cast<int>(buffers.size());
}

} // namespace

TEST_CASE("regions: heaps share a region, as far as no part of it is somebody's", "[regions]")
{
    const File file(kBoard);
    Scene scene(options_of(file));
    Opened opened(scene.daemon);
    Client &client = opened.client;
    const auto window = client.get("open", scene.daemon.node("integration-window"));
    Balance balance(scene.daemon, { &client });

    // 8 MiB, less the camera's three and the one that is held back for the window
    for (int round = 0; round < 3; ++round) {
        CHECK(count_buffers(client, opened.heap, kMiB) == 4);
        CHECK(count_buffers(client, window, kMiB) == 5);
    }
    const auto most = client.get("alloc", opened.heap, 4 * kMiB);
    CHECK(client.error("alloc", opened.heap, 4096) == ENOMEM);
    CHECK(count_buffers(client, window, kMiB) == 1);
    client.get("close", most);
    CHECK(balance.difference() == "");
}

TEST_CASE("regions: reserved buffers are there when all else is taken", "[regions]")
{
    const File file(kBoard);
    Scene scene(options_of(file));
    Opened greedy(scene.daemon);
    Opened opened(scene.daemon);
    Client &client = opened.client;
    const auto camera = client.get("open", scene.daemon.node("integration-camera"));
    const auto taken = greedy.client.get("alloc", greedy.heap, 4 * kMiB);

    for (int round = times(30); round > 0; --round) {
        CHECK(count_buffers(client, camera, kMiB) == 3);
        CHECK(count_buffers(client, camera, 4096) == 3);
        CHECK(client.error("alloc", camera, kMiB + 1) == ENOMEM);
    }
    CHECK(greedy.client.get("close", taken) == 0);
}

TEST_CASE("regions: an alias is the same heap under another name", "[regions]")
{
    const File file(kBoard);
    Scene scene(options_of(file));
    Opened opened(scene.daemon);
    Client &client = opened.client;
    const auto all = client.get("alloc", opened.heap, 4 * kMiB);

    for (const char *const alias : { "integration,also", "integration-too" }) {
        const auto heap = client.get("open", scene.daemon.node(alias));
        CHECK(client.error("alloc", heap, 4096) == ENOMEM);
    }
    client.get("close", all);
    const auto heap = client.get("open", scene.daemon.node("integration,also"));
    use_up(client, client.get("alloc", heap, 4096), 4096);
    CHECK(scene.daemon.live().buffers == 1);
}

TEST_CASE("regions: the log says what each heap is, and that contiguity is emulated", "[regions]")
{
    const File file(kBoard);
    Scene scene(options_of(file));

    CHECK(hear_of(scene.daemon, "heap integration: ").contains("contiguous (emulated)"));
    CHECK(
        hear_of(scene.daemon, "heap integration-camera: ").contains("3 buffers of 1MiB reserved"));
    CHECK(hear_of(scene.daemon, "heap integration-window: ").contains("carveout of region cma"));
    CHECK(hear_of(scene.daemon, "region cma: ").contains("8MiB"));
}

TEST_CASE("regions: heaps without a region have one of their own", "[regions]")
{
    Scene scene({ .heaps = { "integration=contiguous,contiguity=emulated,limit=2MiB",
                             "integration-camera=reserved,buffers=2,buffer-size=1MiB" } });
    Opened opened(scene.daemon);
    const auto camera = opened.client.get("open", scene.daemon.node("integration-camera"));

    CHECK(count_buffers(opened.client, opened.heap, kMiB) == 2);
    CHECK(count_buffers(opened.client, camera, kMiB) == 2);
}

TEST_CASE("regions: buffers outlive the daemon that held their region", "[regions]")
{
    const File file(kBoard);
    Scene scene(options_of(file));
    Opened opened(scene.daemon);
    Client &client = opened.client;
    const auto camera = client.get("open", scene.daemon.node("integration-camera"));
    const auto contiguous = client.get("alloc", opened.heap, kMiB);
    const auto reserved = client.get("alloc", camera, kMiB);
    const auto first = client.get("map", contiguous, kMiB);
    const auto second = client.get("map", reserved, kMiB);

    CHECK(scene.daemon.stop() == exited(0));

    if (chosen().exporter == "buffer-file-cached")
        return; // what was mapped through the page cache ends with the daemon, see docs/abi.md

    client.ask("fill", first, 1);
    client.ask("fill", second, 2);
    CHECK(client.get("compare", first, 1) == 0);
    CHECK(client.get("compare", second, 2) == 0);
}

TEST_CASE("regions: what cannot be had ends with 2, file, line and key, and nothing is made",
          "[regions]")
{
    struct Bad {
        const char *config;
        const char *place;
    };
    const std::vector<Bad> kBad{
        { "[region.r]\nsize = \"1000TiB\"\n[heap.a]\npolicy = \"carveout\"\nregion = \"r\"",
          "board.toml:2:8: region.r.size: " },
        { "[region.r]\nsize = \"4TiB\"\npages = \"2MiB\"\n[heap.a]\npolicy = \"carveout\"\n"
          "region = \"r\"",
          refusal_of_huge_pages(2048) },
        { "[region.r]\nsize = \"4TiB\"\npages = \"1GiB\"\n[heap.a]\npolicy = \"carveout\"\n"
          "region = \"r\"",
          refusal_of_huge_pages(1048576) },
        { "[region.r]\nsize = \"4MiB\"\n[heap.a]\npolicy = \"carveout\"\nregion = \"r\"\n"
          "guarantee = \"5MiB\"",
          "board.toml:6:13: heap.a.guarantee: " },
        { "[heap.a]\n[heap.a]", "board.toml:2:1: heap.a: is given twice" },
        { "[heap.a]\naliases = [\"b\"]\n[heap.b]", "board.toml:2:11: heap.a.aliases: " },
        { "[heap.a]\npolicy = \"carveout\"\nregion = \"r\"", "board.toml:3:10: heap.a.region: " },
    };
    for (const Bad &bad : kBad) {
        const TempDir root;
        const File file(bad.config);
        auto command = daemon_command({ .heaps = {}, .more = { "-c", file.path() } }, root.path());

        const Ran ran = run(command);

        INFO(bad.config << ": " << ran.output);
        CHECK(ran.outcome == exited(2));
        CHECK(ran.output.contains(bad.place));
        CHECK(std::filesystem::is_empty(root.path()));
    }
}
