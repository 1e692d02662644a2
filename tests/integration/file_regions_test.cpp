// SPDX-License-Identifier: MIT
//
// Heaps over regions that are files.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <linux/dma-buf.h>
#include <sys/stat.h>

#include "tests/integration/file_scene.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"

using namespace dmaheap::test;

namespace {

constexpr long kKiB = 1 << 10;
constexpr long kSize = kFileSize;

constexpr auto kEnd = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
constexpr auto kStart = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW;

} // namespace

TEST_CASE("file regions: whoever maps the file sees the buffer's bytes, and the other way round",
          "[regions]")
{
    if (files_cannot_be_run())
        return;

    FileScene file;
    CHECK(file.window.count(0) == kSize); // wiped at start
    Client &client = file.client;
    const auto before = client.get("alloc", file.opened.heap, 4 * kKiB);
    const auto buffer = client.get("alloc", file.opened.heap, 64 * kKiB);
    const auto mapping = client.get("map", buffer, 64 * kKiB);
    CHECK(client.get("compare", mapping, 0) == 0);

    client.ask("fill", mapping, 7);
    CHECK(client.get("sync", buffer, kEnd) == 0);
    CHECK(file.window.count(7) == 64 * kKiB);
    CHECK(file.window.count(0) == kSize - 64 * kKiB);

    file.window.fill(file.window.first(7), 64 * kKiB, 9);
    CHECK(client.get("sync", buffer, kStart) == 0);
    CHECK(client.get("compare", mapping, 9) == 0);

    client.ask("fill", mapping, 5);
    CHECK(client.get("unmap", mapping) == 0);
    CHECK(await([&] { return file.window.count(5) == 64 * kKiB; })); // not all kernels wait
    CHECK(client.get("close", buffer) == 0);
    CHECK(file.scene.daemon.await_live(1));
    CHECK(await([&] { return file.window.count(0) == kSize; })); // wiped when it came back
    CHECK(client.get("close", before) == 0);
}

TEST_CASE("file regions: closing a descriptor writes back what has been mapped", "[regions]")
{
    if (files_cannot_be_run())
        return;

    FileScene file;
    const auto buffer = file.client.get("alloc", file.opened.heap, 64 * kKiB);
    const auto mapping = file.client.get("map", buffer, 64 * kKiB);
    file.client.ask("fill", mapping, 5);
    CHECK(file.client.get("close", buffer) == 0);
    CHECK(file.window.count(5) == 64 * kKiB);
    CHECK(file.client.get("unmap", mapping) == 0);
    CHECK(file.scene.daemon.await_live(0));
}

TEST_CASE("file regions: a buffer is any pages of the file, and the file is the bound", "[regions]")
{
    if (files_cannot_be_run())
        return;

    FileScene file;
    Client &client = file.client;
    constexpr long kPiece = 64 * kKiB;
    std::vector<long long> pieces;
    for (long taken = 0; taken < kSize; taken += kPiece)
        pieces.push_back(client.get("alloc", file.opened.heap, kPiece));
    CHECK(client.error("alloc", file.opened.heap, 4 * kKiB) == ENOMEM);

    for (const std::size_t piece : { 1U, 3U, 6U })
        CHECK(client.get("close", pieces[piece]) == 0);
    const auto torn = client.get("alloc", file.opened.heap, 3 * kPiece);
    const auto mapping = client.get("map", torn, 3 * kPiece);
    CHECK(client.get("compare", mapping, 0) == 0);
    client.ask("fill", mapping, 7);
    CHECK(client.get("sync", torn, kEnd) == 0);

    CHECK(file.window.count(7) == 3 * kPiece);
    file.window.fill(0, kSize, 8);
    CHECK(client.get("sync", torn, kStart) == 0);
    CHECK(client.get("compare", mapping, 8) == 0);
    CHECK(client.get("sync", pieces[0], kStart) == 0);
    CHECK(client.error("sync", pieces[0], 0) == EINVAL); // as of any dma-buf
}

TEST_CASE("file regions: a buffer of the whole file lives as long as it is mapped", "[regions]")
{
    if (files_cannot_be_run())
        return;

    FileScene file;
    Client &client = file.client;
    const auto buffer = client.get("alloc", file.opened.heap, kSize);
    const auto mapping = client.get("map", buffer, kSize);
    CHECK(client.get("close", buffer) == 0);

    for (int round = 0; round < 3; ++round)
        CHECK(client.error("alloc", file.opened.heap, 4 * kKiB) == ENOMEM);
    client.ask("fill", mapping, 7);
    CHECK(client.get("unmap", mapping) == 0);
    CHECK(file.scene.daemon.await_live(0));
    CHECK(client.get("alloc", file.opened.heap, kSize) >= 0);
}

TEST_CASE("file regions: a client that is killed while it waits for SYNC leaves nothing",
          "[regions]")
{
    if (files_cannot_be_run())
        return;

    FileScene file;
    for (int round = times(20); round > 0; --round) {
        Opened opened(file.scene.daemon);
        const auto buffer = opened.client.get("alloc", opened.heap, kSize);
        const auto mapping = opened.client.get("map", buffer, kSize);
        opened.client.ask("fill", mapping, 7);
        opened.client.tell("sync", buffer, kEnd);
    }

    CHECK(file.scene.daemon.await_live(0));
    CHECK(await([&] { return file.window.count(0) == kSize; }));
    CHECK(file.client.get("alloc", file.opened.heap, kSize) >= 0);
}

TEST_CASE("file regions: what cannot be one ends with 2, file, line and key, and is left alone",
          "[regions]")
{
    if (files_cannot_be_run())
        return;

    const Folder folder;
    const std::string good = folder.file("good");
    const Window window(good);
    const std::string writable = folder.file("writable");
    std::ofstream(writable) << std::string(8192, 'x');
    REQUIRE(::chmod(writable.c_str(), 0664) == 0);
    const std::string foreign = folder.file("foreign");
    std::ofstream(foreign) << std::string(8192, 'x');
    REQUIRE(::chown(foreign.c_str(), 4711, 0) == 0);
    const std::string small = folder.file("small");
    std::ofstream(small) << "x";
    std::filesystem::create_symlink(good, folder.file("link"));
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);

    struct Bad {
        std::string region;
        std::string refusal;
    };
    const std::string file_key = ":2:8: region.window.file: ";
    const std::vector<Bad> all{
        { line("file", folder.file("none")), file_key + folder.file("none") + " open: No such" },
        { line("file", kTmpfs), file_key + std::string(kTmpfs) + " is a folder" },
        { line("file", "/dev/null"), file_key + "/dev/null is no regular file" },
        { line("file", folder.file("pipe")), file_key + folder.file("pipe") + " is no regular" },
        { line("file", folder.file("link")), file_key + folder.file("link") + " symbolic links" },
        { line("file", writable), file_key + writable + " can be written to by its group" },
        { line("file", foreign), file_key + foreign + " belongs to user 4711" },
        { line("file", small), file_key + small + " has only 0" },
        { line("file", "/proc/version"), file_key + "/proc/version is not memory" },
        { line("file", good) + line("size", "516KiB"),
          ":3:8: region.window.size: " + good + " has only 512KiB" },
        { line("file", good) + "[region.other]\n" + line("file", good),
          ":4:8: region.other.file: " + good + " is a region already" },
        { line("file", "window"), file_key + "\"window\" is not an absolute path" },
        { line("file", good) + line("pages", "2MiB"), ":3:9: region.window.pages: means nothing" },
        { line("file", good) + line("hugepages", "reserve"),
          ":3:13: region.window.hugepages: means nothing" },
    };
    for (const Bad &bad : all) {
        const TempDir root;
        const std::string path = config_in(folder, board(bad.region));

        const Ran ran = run(daemon_command(
            { .heaps = {}, .exporter = exporter_with_files(), .more = { "-c", path } },
            root.path()));

        INFO(bad.region << ran.output);
        CHECK(ran.outcome == exited(2));
        CHECK(ran.output.contains(path + bad.refusal));
        CHECK(std::filesystem::is_empty(root.path()));
    }
    CHECK(window.count('x') == 0); // a good one was wiped before the other
    std::ifstream untouched(foreign);
    CHECK(untouched.get() == 'x');
}
