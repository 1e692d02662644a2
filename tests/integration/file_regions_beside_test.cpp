// SPDX-License-Identifier: MIT
//
// Heaps over files beside other ones: where those are udmabufs, the daemon has two exporters.
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>

#include <linux/dma-buf.h>

#include "tests/integration/changing.h"
#include "tests/integration/file_scene.h"
#include "tests/integration/ion_scene.h"
#include "tests/support/catch.h"
#include "tests/support/combination.h"
#include "tests/support/control.h"

using namespace dmaheap::test;
using nlohmann::json;

namespace {

constexpr int kPage = 4096;
constexpr long kSize = kFileSize;
const std::string kPlain = "integration-plain";
const std::string kPlainHeap = "[heap." + kPlain + "]\n";
constexpr auto kEnd = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;

bool with_udmabuf()
{
    return chosen().exporter == "udmabuf";
}

json exporter_of(const Daemon &daemon, const std::string &heap)
{
    for (const json &row : ctl_json(daemon, { "heaps" }))
        if (row["name"] == heap)
            return row["exporter"];
    return {};
}

bool is_dma_buf(const Client &client, long long descriptor)
{
    std::ifstream info("/proc/" + std::to_string(client.pid()) + "/fdinfo/" +
                       std::to_string(descriptor));
    const std::string text{ std::istreambuf_iterator<char>(info), {} };
    return text.contains("exp_name:");
}

} // namespace

TEST_CASE("file regions: other heaps of the daemon go on to give what they give", "[regions]")
{
    if (files_cannot_be_run())
        return;

    FileScene file(kPlainHeap);
    Daemon &daemon = file.scene.daemon;
    Client &client = file.client;
    const auto plain_heap = client.get("open", daemon.node(kPlain));
    CHECK(exporter_of(daemon, kPlain) == chosen().exporter);
    CHECK(exporter_of(daemon, kHeap) ==
          (with_udmabuf() ? "buffer-file-cached" : chosen().exporter));
    CHECK(ctl_json(daemon, { "status" })["exporter"] == chosen().exporter);

    Balance balance(daemon, { &client });
    for (int round = 0; round < 3; ++round) {
        const auto plain = client.get("alloc", plain_heap, 4 * kPage);
        const auto window = client.get("alloc", file.opened.heap, 4 * kPage);
        CHECK(is_dma_buf(client, plain) == with_udmabuf());
        CHECK_FALSE(is_dma_buf(client, window));

        const auto plain_map = client.get("map", plain, 4 * kPage);
        const auto window_map = client.get("map", window, 4 * kPage);
        client.ask("fill", plain_map, 5);
        client.ask("fill", window_map, 7);
        CHECK(client.get("sync", plain, kEnd) == 0);
        CHECK(client.get("sync", window, kEnd) == 0);
        CHECK(file.window.count(7) == 4 * kPage);
        CHECK(file.window.count(5) == 0);

        for (const auto mapping : { plain_map, window_map })
            CHECK(client.get("unmap", mapping) == 0);
        for (const auto buffer : { plain, window })
            CHECK(client.get("close", buffer) == 0);
        CHECK(daemon.await_live(0, kPlain));
        CHECK(daemon.await_live(0));
        CHECK(await([&] { return file.window.count(0) == kSize; }));
    }
    CHECK(balance.difference() == "");
    CHECK(daemon.stop() == exited(0));
}

TEST_CASE("file regions: what has ended in one heap is there for another at once", "[regions]")
{
    if (files_cannot_be_run())
        return;

    FileScene file(kPlainHeap + "[limits]\nlimit = \"512KiB\"\n");
    Client &client = file.client;
    const auto plain_heap = client.get("open", file.scene.daemon.node(kPlain));

    for (int round = 0; round < 10; ++round)
        for (const auto heap : { plain_heap, file.opened.heap }) {
            const auto buffer = client.get("alloc", heap, kSize);
            CHECK(client.error("alloc", plain_heap, kPage) == ENOMEM);
            CHECK(client.error("alloc", file.opened.heap, kPage) == ENOMEM);
            CHECK(client.get("close", buffer) == 0);
        }
}

TEST_CASE("file regions: one that a reload brings is served like one of the start", "[regions]")
{
    if (files_cannot_be_run())
        return;

    const std::string heap = std::string("[heap.") + kHeap + "]\n";
    const Folder folder;
    const Window window(folder.file("window"));
    Changing board(heap, exporter_with_files());
    Opened opened(board.daemon());
    const auto held = opened.client.get("alloc", opened.heap, kPage);

    board.change(heap + dmaheap::test::board(line("file", folder.file("window")), kPlain));

    CHECK(window.count(0) == kSize);
    const auto over_file = opened.client.get("open", board.daemon().node(kPlain));
    const auto buffer = opened.client.get("alloc", over_file, kPage);
    const auto mapping = opened.client.get("map", buffer, kPage);
    opened.client.ask("fill", mapping, 7);
    CHECK(opened.client.get("sync", buffer, kEnd) == 0);
    CHECK(window.count(7) == kPage);
    CHECK(exporter_of(board.daemon(), kHeap) == chosen().exporter);
    CHECK(opened.client.get("close", held) == 0);
    CHECK(board.daemon().await_live(0));
    CHECK(board.daemon().stop() == exited(0));
}

TEST_CASE("file regions: legacy ION shares and imports buffers of either kind", "[regions][ion]")
{
    if (files_cannot_be_run())
        return;

    const Folder folder;
    const Window window(folder.file("window"));
    IonScene scene(board(line("file", folder.file("window")), "ion-file") +
                       "[ion.ion-old]\nabi = \"legacy\"\n"
                       "heaps = { 0 = \"ion-system\", 1 = \"ion-file\" }\n",
                   "", exporter_with_files());

    for (const char *const mask : { "1", "2" })
        for (const char *const order : { "handle", "fd", "mapping" })
            for (const std::string &name : victims({ "ion-legacy", "ion-legacy-32" })) {
                const Ran ran = run({ victim(name), scene.node("ion-old"), mask, order },
                                    Deadline(std::chrono::seconds(60)));

                INFO(name << " " << mask << " " << order << ": " << ran.output);
                CHECK(ran.outcome == exited(0));
                CHECK(scene.daemon.await_live(0, kIonSystem));
                CHECK(scene.daemon.await_live(0, "ion-file"));
            }
    CHECK(scene.daemon.stop() == exited(0));
}

TEST_CASE("file regions: udmabuf, when it is asked for, is all there is", "[regions]")
{
    if (files_cannot_be_run() || !with_udmabuf())
        return;

    const Folder folder;
    const Window window(folder.file("window"));
    const std::string over_file = board(line("file", folder.file("window")));
    const std::string path = config_in(folder, over_file);
    const TempDir root;

    const Ran ran = run(daemon_command({ .heaps = {}, .more = { "-c", path } }, root.path()));

    INFO(ran.output);
    CHECK(ran.outcome == exited(2));
    CHECK(ran.output.contains(path + ":2:8: region.window.file: udmabuf cannot show a part of"));
    CHECK(ran.output.contains("with exporter = \"auto\""));
    CHECK(window.count('x') == kSize);

    Changing changing(std::string("[heap.") + kHeap + "]\n");
    changing.change(over_file);
    CHECK(changing.logged("region.window.file: udmabuf cannot show a part of") == 1);
    CHECK(window.count('x') == kSize);
}
