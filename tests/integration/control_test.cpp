// SPDX-License-Identifier: MIT
//
// What dmaheapctl shows and changes is what clients see.
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"
#include "tests/support/control.h"

using namespace dmaheap::test;
using nlohmann::json;

namespace {

json only_buffer(const Daemon &daemon)
{
    const json buffers = ctl_json(daemon, { "buffers", "--holders" });
    INFO(buffers.dump());
    REQUIRE(buffers.size() == 1);
    return buffers[0];
}

const json *holder_in(const json &buffer, pid_t process)
{
    for (const json &holder : buffer["holders"])
        if (holder["pid"] == process)
            return &holder;
    return nullptr;
}

std::string refusal_of(const Daemon &daemon, const std::vector<std::string> &arguments, int status)
{
    const Ran ran = ctl(daemon, arguments);
    INFO(ran.output);
    CHECK(ran.outcome == exited(status));
    CHECK(ran.output.starts_with("dmaheapctl: "));
    return ran.output;
}

} // namespace

TEST_CASE("control: a live buffer is shown with its heap, size and owner", "[control]")
{
    Scene scene;
    Opened opened(scene.daemon);
    opened.client.get("alloc", opened.heap, 5000);

    const json buffer = only_buffer(scene.daemon);

    CHECK(buffer["heap"] == kHeap);
    CHECK(buffer["size"] == 8192);
    CHECK(buffer["pid"] == opened.client.pid());
    CHECK(buffer["uid"] == 0);
    CHECK(buffer["name"].get<std::string>().starts_with("client"));
    CHECK(ctl_json(scene.daemon, { "buffers", "--pid", "1" }).empty());
    CHECK(ctl_json(scene.daemon, { "buffers", "--uid", "77" }).empty());
    CHECK(ctl_json(scene.daemon, { "buffers", "--heap", kHeap }).size() == 1);
    const json heap = ctl_json(scene.daemon, { "heaps" })[0];
    CHECK(heap["bytes"] == 8192);
    CHECK(heap["buffers"] == 1);
    CHECK(heap["node"] == scene.daemon.node());
}

TEST_CASE("control: holders are those who have a descriptor or a mapping, whoever asked",
          "[control]")
{
    Scene scene;
    Pair pair;
    const long long heap = pair.first.get("open", scene.daemon.node());
    const long long sent = pair.first.get("alloc", heap, 4096);
    json buffer = only_buffer(scene.daemon);
    REQUIRE(holder_in(buffer, pair.first.pid()));
    CHECK((*holder_in(buffer, pair.first.pid()))["descriptors"] == 1);

    pair.first.get("send", sent);
    const long long received = pair.second.get("receive");
    pair.first.get("close", sent);
    pair.second.get("map", received, 4096);
    buffer = only_buffer(scene.daemon);
    CHECK(buffer["pid"] == pair.first.pid());
    CHECK_FALSE(holder_in(buffer, pair.first.pid()));
    REQUIRE(holder_in(buffer, pair.second.pid()));
    CHECK((*holder_in(buffer, pair.second.pid()))["mappings"] == 1);

    pair.second.get("close", received);
    buffer = only_buffer(scene.daemon);
    REQUIRE(holder_in(buffer, pair.second.pid()));
    CHECK((*holder_in(buffer, pair.second.pid()))["descriptors"] == 0);
    CHECK((*holder_in(buffer, pair.second.pid()))["mappings"] == 1);
}

TEST_CASE("control: a descriptor under way in a socket keeps its buffer", "[control]")
{
    Scene scene;
    Pair pair;
    const long long heap = pair.first.get("open", scene.daemon.node());
    const long long sent = pair.first.get("alloc", heap, 4096);
    pair.first.get("send", sent);

    pair.first.get("close", sent);

    CHECK(only_buffer(scene.daemon)["holders"].empty());
    const long long received = pair.second.get("receive");
    CHECK(only_buffer(scene.daemon)["holders"].size() == 1);
    pair.second.get("close", received);
    CHECK(scene.daemon.await_live(0));
}

TEST_CASE("control: a limit that is set is in force at once, and can be taken away", "[control]")
{
    Scene scene;
    Opened opened(scene.daemon);
    CHECK(ctl(scene.daemon, { "limits", "set", "--heap", kHeap, "max-buffer=4KiB" }).outcome ==
          exited(0));
    CHECK(opened.client.error("alloc", opened.heap, 8192) == ENOMEM);
    CHECK(ctl(scene.daemon, { "limits", "set", "--heap", kHeap, "max-buffer=none" }).outcome ==
          exited(0));
    CHECK(opened.client.error("alloc", opened.heap, 8192) == 0);

    CHECK(ctl(scene.daemon, { "limits", "set", "limit-per-process=12KiB" }).outcome == exited(0));
    CHECK(opened.client.error("alloc", opened.heap, 8192) == ENOMEM);
    CHECK(opened.client.error("alloc", opened.heap, 4096) == 0);

    const json limits = ctl_json(scene.daemon, { "limits" });
    REQUIRE(limits.size() == 2);
    CHECK(limits[0]["heap"].is_null());
    CHECK(limits[0]["limit-per-process"] == 12288);
    CHECK(limits[1]["refused"] >= 2);
}

TEST_CASE("control: allocations fail as was asked for, and go on afterwards", "[control]")
{
    Scene scene;
    Opened opened(scene.daemon);
    Balance balance(scene.daemon, { &opened.client });
    const auto set = [&](std::vector<std::string> how) {
        how.insert(how.begin(), { "faults", "set", kHeap });
        return ctl(scene.daemon, how).outcome == exited(0);
    };

    REQUIRE(set({ "--errno", "EAGAIN", "--count", "2" }));
    CHECK(opened.client.error("alloc", opened.heap, 4096) == EAGAIN);
    CHECK(opened.client.error("alloc", opened.heap, 4096) == EAGAIN);
    CHECK(opened.client.get("cycle", opened.heap, 4096, 5) == 5);

    REQUIRE(set({ "--errno", "ENOMEM" }));
    for (int time = 0; time < 5; ++time)
        CHECK(opened.client.error("alloc", opened.heap, 4096) == ENOMEM);
    CHECK(ctl_json(scene.daemon, { "faults" })[0]["failed"] == 7);
    CHECK(ctl(scene.daemon, { "faults", "clear", kHeap }).outcome == exited(0));
    REQUIRE(set({ "--delay", "1", "--count", "1" }));
    CHECK(opened.client.get("cycle", opened.heap, 4096, 5) == 5);
    CHECK(balance.difference() == "");
}

TEST_CASE("control: people get tables, programs get JSON and metrics", "[control]")
{
    Scene scene;
    Opened opened(scene.daemon);
    opened.client.get("alloc", opened.heap, 4096);

    for (const std::string view : { "status", "heaps", "buffers", "limits", "faults", "regions" }) {
        const Ran ran = ctl(scene.daemon, { view });
        INFO(view << ": " << ran.output);
        CHECK(ran.outcome == exited(0));
        CHECK_FALSE(ran.output.empty());
        CHECK_NOTHROW(ctl_json(scene.daemon, { view }));
    }
    const Ran metrics = ctl(scene.daemon, { "metrics" });
    CHECK(metrics.output.contains("dmaheapd_heap_live_buffers{heap=\"" + std::string(kHeap) +
                                  "\"} 1\n"));
    CHECK(metrics.output.ends_with("# EOF\n"));
    const Ran top = ctl(scene.daemon, { "top", "-n", "2", "-d", "0.1" });
    INFO(top.output);
    CHECK(top.outcome == exited(0));
    CHECK(top.output.contains(std::to_string(opened.client.pid())));
}

TEST_CASE("control: what is wrong is said in one line that tells what to do", "[control]")
{
    Scene scene;
    const Daemon &daemon = scene.daemon;

    CHECK(refusal_of(daemon, { "buffers", "--heap", "nowhere" }, 1).contains(kHeap));
    CHECK(refusal_of(daemon, { "limits", "set", "--heap", "nowhere", "limit=1M" }, 1)
              .contains("no heap"));
    CHECK(refusal_of(daemon, { "limits", "set", "limit=much" }, 2).contains("64MiB"));
    CHECK(refusal_of(daemon, { "limits", "set", "colour=1M" }, 2).contains("max-buffer"));
    CHECK(refusal_of(daemon, { "faults", "set", kHeap, "--errno", "EWHAT" }, 2).contains("ENOMEM"));
    CHECK(refusal_of(daemon, { "faults", "set", kHeap }, 2).contains("--errno"));
    refusal_of(daemon, { "faults", "set", kHeap, "--errno", "EIO", "--probability", "2" }, 2);
    for (const char *const number : { "-1", "0", "4194305", "99999999999999999999", "x" })
        CHECK(refusal_of(daemon, { "buffers", "--pid", number }, 2).contains("--pid"));
    for (const char *const number : { "-1", "4294967295", "x" })
        CHECK(refusal_of(daemon, { "buffers", "--uid", number }, 2).contains("--uid"));
    for (const char *const number : { "-1", "0", "x" })
        CHECK(refusal_of(daemon, { "top", "-n", number }, 2).contains("--iterations"));
    refusal_of(daemon, {}, 2);
    refusal_of(daemon, { "nothing" }, 2);
    refusal_of(daemon, { "--json", "top" }, 2);
    CHECK(refusal_of(daemon, { "regions", "--svg", daemon.root() + "/no/such/folder" }, 1)
              .contains("No such file"));
}

TEST_CASE("control: without a daemon, or at what is no socket, it says so", "[control]")
{
    Scene scene;
    const std::string file = scene.daemon.root() + ".file";
    std::ofstream(file) << "text";

    CHECK(refusal_of(scene.daemon, { "--control", file, "heaps" }, 1).contains("is no socket"));
    CHECK(refusal_of(scene.daemon, { "--control", file + ".missing", "heaps" }, 1)
              .contains("start it with"));
    CHECK(scene.daemon.stop(SIGKILL) == killed(SIGKILL));
    CHECK(refusal_of(scene.daemon, { "heaps" }, 1).contains("no daemon at"));
}

TEST_CASE("control: output that cannot be written is an error", "[control]")
{
    Scene scene;
    const auto write_to = [&](const std::string &where, const std::string &view) {
        return run({ "/bin/sh", "-c", "exec \"$0\" --control \"$1\" $2 >" + where,
                     std::getenv("DMAHEAPCTL"), scene.daemon.control(), view });
    };
    for (const std::string view : { "heaps", "metrics", "--help", "top" }) {
        const Ran full = write_to("/dev/full", view);
        INFO(view << ": " << full.output);
        CHECK(full.outcome == exited(1));
        CHECK(full.output.contains("No space left"));

        const Ran closed = write_to("&-", view);
        INFO(closed.output);
        CHECK(closed.outcome == exited(1));
        CHECK(closed.output.contains("Bad file descriptor"));
    }
}

TEST_CASE("control: others may look if they are of the group, and change nothing", "[control]")
{
    Scene scene({ .more = { "--control-group", "4321" } });
    std::filesystem::permissions(std::filesystem::path(scene.daemon.root()).parent_path(),
                                 std::filesystem::perms(0755));
    // Which may be where only root gets.
    const std::string program = scene.daemon.root() + ".dmaheapctl";
    std::filesystem::copy_file(std::getenv("DMAHEAPCTL"), program);
    const auto as = [&](const std::string &group, const std::string &more,
                        std::vector<std::string> arguments) {
        std::vector<std::string> command{ "/usr/bin/setpriv",
                                          "--reuid",
                                          "1234",
                                          "--regid",
                                          group,
                                          more.empty() ? "--clear-groups" : "--groups=" + more,
                                          program,
                                          "--control",
                                          scene.daemon.control() };
        command.insert(command.end(), arguments.begin(), arguments.end());
        return run(std::move(command));
    };

    CHECK(as("4321", "", { "heaps" }).outcome == exited(0));
    CHECK(as("1234", "4321", { "heaps" }).outcome == exited(0));
    const Ran refused = as("4321", "", { "limits", "set", "limit=1M" });
    CHECK(refused.outcome == exited(1));
    CHECK(refused.output.contains("only root may change"));
    CHECK(as("4321", "", { "faults", "set", kHeap, "--errno", "EIO" }).outcome == exited(1));
    CHECK(as("1234", "", { "heaps" }).outcome == exited(1));
}

TEST_CASE("control: the socket of a dead daemon is replaced, that of a live one is not",
          "[control]")
{
    const TempDir root;
    {
        Daemon first({ .root = root.path() });
        CHECK(first.stop(SIGKILL) == killed(SIGKILL));
        CHECK(std::filesystem::exists(first.control()));
    }
    Daemon second({ .root = root.path() });
    CHECK(ctl(second, { "heaps" }).outcome == exited(0));

    const TempDir other;
    auto command = daemon_command({ .heaps = { "other" } }, other.path());
    command.insert(command.end(), { "--control", second.control() });
    const auto given = std::find(command.begin(), command.end(), "--control");
    command.erase(given, given + 2);
    const Ran third = run(command);
    INFO(third.output);
    CHECK(third.outcome == exited(1));
    CHECK(third.output.contains("another dmaheapd"));

    CHECK(ctl(second, { "heaps" }).outcome == exited(0));
    CHECK(second.stop() == exited(0));
    CHECK_FALSE(std::filesystem::exists(second.control()));
}
