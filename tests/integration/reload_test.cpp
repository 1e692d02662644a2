// SPDX-License-Identifier: MIT
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>

#include "tests/integration/changing.h"
#include "tests/support/catch.h"
#include "tests/support/control.h"

using namespace dmaheap::test;
using nlohmann::json;

namespace {

constexpr int kPage = 4096;
const std::string kOther = "integration-other";
const std::string kThird = "integration-third";

std::string heap(const std::string &name, const std::string &settings = "")
{
    return "[heap." + name + "]\n" + settings;
}

json shown(const Daemon &daemon, const std::string &name)
{
    for (const json &row : ctl_json(daemon, { "heaps" }))
        if (row["name"] == name)
            return row;
    return {};
}

mode_t mode_of(const std::string &path)
{
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

} // namespace

TEST_CASE("reload: heaps appear and disappear, and the others go on", "[reload]")
{
    Changing board(heap(kHeap) + heap(kOther));
    Opened opened(board.daemon());
    const auto kept = opened.client.get("alloc", opened.heap, kPage);
    REQUIRE(std::filesystem::exists(board.daemon().node(kOther)));

    board.change(heap(kHeap) + heap(kThird));

    CHECK_FALSE(std::filesystem::exists(board.daemon().node(kOther)));
    const auto third = opened.client.get("open", board.daemon().node(kThird));
    opened.client.get("alloc", third, kPage);
    opened.client.get("alloc", opened.heap, kPage); // of the node that was open all the time
    opened.client.get("close", kept);
    CHECK(board.daemon().await_live(1));
    CHECK(board.daemon().live(kThird).buffers == 1);

    board.change(heap(kHeap) + heap(kOther));
    CHECK_FALSE(std::filesystem::exists(board.daemon().node(kThird)));
    const auto other = opened.client.get("open", board.daemon().node(kOther));
    opened.client.get("alloc", other, kPage);
}

TEST_CASE("reload: a heap that goes keeps its buffers accounted until they end", "[reload]")
{
    Changing board(heap(kHeap) + heap(kOther));
    Opened opened(board.daemon());
    const auto other = opened.client.get("open", board.daemon().node(kOther));
    const auto buffer = opened.client.get("alloc", other, kPage);

    board.change(heap(kHeap));

    const int refused = opened.client.error("alloc", other, kPage);
    CHECK((refused == ENODEV || refused == ENOTCONN));
    CHECK(board.logged(kOther + ": is no longer served; 1 buffer") == 1);
    CHECK(shown(board.daemon(), kOther)["node"] == "");
    CHECK(shown(board.daemon(), kOther)["buffers"] == 1);
    CHECK(ctl_json(board.daemon(), { "buffers", "--heap", kOther }).size() == 1);
    CHECK(opened.client.get("check", buffer, kPage, 7) == 0);

    opened.client.get("close", buffer);
    CHECK(board.daemon().await_live(0, kOther));
    CHECK(shown(board.daemon(), kOther).is_null());
}

TEST_CASE("reload: a heap that comes back has its buffers on its account", "[reload]")
{
    const std::string limited = heap(kOther, "limit = \"8KiB\"\n");
    Changing board(heap(kHeap) + limited);
    Opened opened(board.daemon());
    auto other = opened.client.get("open", board.daemon().node(kOther));
    opened.client.get("alloc", other, kPage);
    board.change(heap(kHeap));
    board.change(heap(kHeap) + limited);

    other = opened.client.get("open", board.daemon().node(kOther));
    opened.client.get("alloc", other, kPage);

    CHECK(opened.client.error("alloc", other, kPage) == ENOMEM);
    CHECK(board.daemon().live(kOther).buffers == 2);
}

TEST_CASE("reload: a config with an error changes nothing, and the log says where", "[reload]")
{
    Changing board(heap(kHeap));
    Opened opened(board.daemon());
    for (const std::string &bad :
         { std::string("[heap.integration]\nlimit = \"0\"\n"), std::string("nonsense"),
           heap(kHeap) + heap(kOther, "policy = \"carveout\"\nregion = \"r\"\n") }) {
        board.change(bad);

        opened.client.get("close", opened.client.get("alloc", opened.heap, kPage));
        CHECK_FALSE(std::filesystem::exists(board.daemon().node(kOther)));
    }
    CHECK(board.logged("board.toml:2:9: heap.integration.limit: ") == 1);
    CHECK(board.logged("board.toml:1:") == 1);
    CHECK(board.logged("board.toml:4:10: heap.integration-other.region: ") == 1);
}

TEST_CASE("reload: limits, permissions and aliases of a heap that is served", "[reload]")
{
    Changing board(heap(kHeap, "aliases = [\"integration-too\"]\n"));
    Opened opened(board.daemon());
    opened.client.get("alloc", opened.heap, kPage);

    board.change("[limits]\nmax-buffer = \"16KiB\"\n" + heap(kHeap,
                                                             "limit = \"8KiB\"\nmode = \"0666\"\n"
                                                             "aliases = [\"integration-also\"]\n"));

    CHECK(mode_of(board.daemon().node()) == 0666);
    CHECK(mode_of(board.daemon().node("integration-also")) == 0666);
    CHECK_FALSE(std::filesystem::exists(board.daemon().node("integration-too")));
    CHECK(opened.client.error("alloc", opened.heap, 2 * kPage) == ENOMEM);
    opened.client.get("alloc", opened.heap, kPage);
    CHECK(opened.client.error("alloc", opened.heap, kPage) == ENOMEM);
    CHECK(ctl_json(board.daemon(), { "limits" })[0]["max-buffer"] == 16384);
}

TEST_CASE("reload: what is taken up at start is said to stay as it is", "[reload]")
{
    Changing board(heap(kHeap));

    board.change("control-group = \"0\"\n[region.new]\nsize = \"4MiB\"\n" + heap(kHeap) +
                 heap(kOther, "policy = \"carveout\"\nregion = \"new\"\n"));

    CHECK(board.logged("control-group: stays as it is until the daemon is started anew") == 1);
    Opened opened(board.daemon());
    const auto other = opened.client.get("open", board.daemon().node(kOther));
    opened.client.get("alloc", other, kPage);
    CHECK(ctl_json(board.daemon(), { "regions" })[0]["name"] == "new");
}

TEST_CASE("reload: nothing is lost when it comes again and again under load", "[reload]")
{
    const std::string with = heap(kHeap) + heap(kOther);
    Changing board(with);
    Opened busy(board.daemon());
    busy.client.tell("cycle-on", busy.heap, kPage);

    for (int round = times(40); round > 0; --round) {
        Opened surprised(board.daemon());
        const auto going = surprised.client.get("open", board.daemon().node(kOther));
        surprised.client.tell("cycle-on", going, kPage);
        board.change(heap(kHeap));
        surprised.client.process().signal(SIGKILL);
        board.change(with);
        Opened opened(board.daemon());
        const auto other = opened.client.get("open", board.daemon().node(kOther));
        opened.client.get("close", opened.client.get("alloc", other, kPage));
    }

    busy.client.process().signal(SIGKILL);
    CHECK(board.daemon().await_live(0));
    CHECK(board.daemon().await_live(0, kOther));
}
