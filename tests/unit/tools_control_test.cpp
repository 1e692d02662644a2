// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/sys.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/fakes.h"
#include "tools/control/commands.h"
#include "tools/control/errno_names.h"
#include "tools/control/holders.h"

using namespace dmaheap;
using namespace dmaheap::control;

namespace {

constexpr Bytes kLimit = Bytes{ 16 } << 20;
constexpr Owner kOwner{ .process = 4242, .user = 1000 };
constexpr Peer kRoot{ .process = 1, .user = 0, .may_look = true, .may_change = true };
constexpr Peer kGuest{ .process = 2, .user = 7, .may_look = true, .may_change = false };

struct Fixture {
    Fixture()
        : heap("camera", std::make_unique<test::FakePolicy>(), ledger, exporter),
          commands({ .ledger = ledger,
                     .heaps =
                         [this] {
                             std::vector<Served> all{ { .name = "camera",
                                                        .heap = &heap,
                                                        .policy = "system",
                                                        .node = node,
                                                        .exporter = "another" } };
                             all.insert(all.end(), others.begin(), others.end());
                             return all;
                         },
                     .frontend = "fuse",
                     .exporter = "fake",
                     .regions = {},
                     .look_again = [this] { ++looks; } })
    {
        ledger.set_limit("camera", kLimit);
    }

    Answer<Json> ask(const std::string &line, const Peer &peer = kRoot)
    {
        const auto request = parse_request(line);
        if (!request)
            return std::unexpected(request.error());
        return commands(*request, peer);
    }

    std::string code_of(const std::string &rest, const Peer &peer = kRoot)
    {
        const auto answer = ask("{\"version\":1," + rest + "}", peer);
        return answer ? "" : answer.error().code;
    }

    Ledger ledger;
    test::FakeExporter exporter;
    Heap heap;
    std::string node = "/dev/x";
    std::vector<Served> others;
    int looks = 0;
    Commands commands;
};

/// A thread of a process in which others go on.
bool has_ended(pid_t thread)
{
    const auto stat = sys::read_text(("/proc/" + std::to_string(thread) + "/stat").c_str());
    return stat && stat->contains(") Z ");
}

} // namespace

TEST_CASE("control: a request and an answer are read back as they were said", "[tools]")
{
    const auto request =
        parse_request(to_line({ .command = "buffers", .arguments = { { "heap", "a\"b\n" } } }));
    const auto answer = parse_answer(to_line(Answer<Json>(Json{ 1, 2 })));
    const auto refusal = parse_answer(to_line(Answer<Json>(refuse("EPERM", "no"))));

    REQUIRE(request);
    CHECK(request->command == "buffers");
    CHECK(request->arguments["heap"] == "a\"b\n");
    REQUIRE(answer);
    CHECK(*answer == Json{ 1, 2 });
    REQUIRE_FALSE(refusal);
    CHECK(refusal.error().code == "EPERM");
    CHECK(refusal.error().message == "no");
    CHECK(to_line({ .command = "\xff", .arguments = Json::object() }).ends_with("}\n"));
}

TEST_CASE("control: a line that is no request is refused", "[tools]")
{
    const auto *const line = GENERATE(
        "", " ", "garbage", "\xff\xfe", "null", "7", "\"x\"", "[]", "{", "{}", "{\"version\":1}",
        "{\"version\":2,\"command\":\"heaps\"}", "{\"version\":1.5,\"command\":\"heaps\"}",
        "{\"version\":1,\"command\":[]}", "{\"version\":1,\"command\":\"\"}",
        "{\"version\":1,\"command\":\"x\",\"a\":[[[[[[[[[[]]]]]]]]]]}");

    const auto request = parse_request(line);

    REQUIRE_FALSE(request);
    CHECK(request.error().code == "EPROTO");
    CHECK_FALSE(request.error().message.empty());
}

TEST_CASE_METHOD(Fixture, "control: arguments that are wrong are refused, and change nothing",
                 "[tools]")
{
    const Limits before = ledger.accounts().at("camera").limits;

    CHECK(code_of(R"("command":"format")") == "EINVAL");
    CHECK(code_of(R"("command":"heaps","colour":1)") == "EINVAL");
    CHECK(code_of(R"("command":"buffers","pid":-1)") == "EINVAL");
    CHECK(code_of(R"("command":"buffers","pid":"1")") == "EINVAL");
    CHECK(code_of(R"("command":"buffers","holders":1)") == "EINVAL");
    CHECK(code_of(R"("command":"buffers","heap":"x")") == "ENOENT");
    CHECK(code_of(R"("command":"set-limits","heap":"camera","limit":"1M")") == "EINVAL");
    CHECK(code_of(R"("command":"set-limits","heap":"camera","limit":5,"max-buffer":-5)") ==
          "EINVAL");
    CHECK(code_of(R"("command":"set-limits","heap":"x","limit":5)") == "ENOENT");
    CHECK(code_of(R"("command":"set-faults","errno":"EIO")") == "EINVAL");
    CHECK(code_of(R"("command":"set-faults","heap":"x","errno":"EIO")") == "ENOENT");
    CHECK(code_of(R"("command":"set-faults","heap":"camera","errno":"EWHAT")") == "EINVAL");
    CHECK(code_of(R"("command":"set-faults","heap":"camera","errno":"EIO","probability":1.1)") ==
          "EINVAL");
    CHECK(code_of(R"("command":"set-faults","heap":"camera","delay-ms":10001)") == "EINVAL");

    CHECK(ledger.accounts().at("camera").limits == before);
    CHECK(heap.faults().plan() == Faults::Plan{});
}

TEST_CASE_METHOD(Fixture, "control: only root changes anything", "[tools]")
{
    CHECK(code_of(R"("command":"set-limits","limit":5)", kGuest) == "EPERM");
    CHECK(code_of(R"("command":"set-faults","heap":"camera","errno":"EIO")", kGuest) == "EPERM");
    CHECK(code_of(R"("command":"limits")", kGuest).empty());
    CHECK(heap.faults().plan() == Faults::Plan{});
}

TEST_CASE_METHOD(Fixture, "control: limits are set one by one, and null takes one away", "[tools]")
{
    REQUIRE(ask(R"({"version":1,"command":"set-limits","heap":"camera","max-buffer":8192})"));
    CHECK(ledger.accounts().at("camera").limits.total == kLimit);
    CHECK(ledger.accounts().at("camera").limits.buffer == 8192);

    REQUIRE(ask(R"({"version":1,"command":"set-limits","heap":"camera","max-buffer":null})"));
    CHECK_FALSE(ledger.accounts().at("camera").limits.buffer);

    REQUIRE(ask(R"({"version":1,"command":"set-limits","limit-per-uid":4096})"));
    CHECK(ledger.account_of_all().limits.per_user == 4096);
}

TEST_CASE_METHOD(Fixture, "control: buffers are found by heap, process and user", "[tools]")
{
    for (int count = 0; count < 300; ++count) // more than are taken from the ledger at a time
        REQUIRE(heap.allocate(1, O_RDWR, count % 2 == 0 ? kOwner : Owner{ 1, 0 }));
    const auto count_of = [&](const std::string &rest) {
        return ask(R"({"version":1,"command":"buffers")" + rest + "}")->size();
    };

    CHECK(count_of("") == 300);
    CHECK(count_of(R"(,"heap":"camera")") == 300);
    CHECK(count_of(R"(,"pid":4242)") == 150);
    CHECK(count_of(R"(,"uid":0)") == 150);
    CHECK(count_of(R"(,"pid":4242,"uid":0)") == 0);
    CHECK(looks > 0);
}

TEST_CASE_METHOD(Fixture, "control: faults are planned, shown and cleared", "[tools]")
{
    const auto set = ask(R"({"version":1,"command":"set-faults","heap":"camera","errno":"EAGAIN",
        "count":3,"probability":0.5,"delay-ms":2})");
    REQUIRE(set);
    CHECK((*set)["errno"] == "EAGAIN");
    CHECK(heap.faults().plan() == Faults::Plan{ .code = EAGAIN,
                                                .count = 3,
                                                .probability = 0.5,
                                                .delay = std::chrono::milliseconds(2) });
    CHECK((*ask(R"({"version":1,"command":"faults"})"))[0]["count"] == 3);
    CHECK(code_of(R"("command":"set-faults","heap":"camera","errno":"EIO","count":0)") == "EINVAL");
    CHECK(heap.faults().plan().count == 3);

    REQUIRE(ask(R"({"version":1,"command":"set-faults","heap":"camera"})"));
    CHECK(heap.faults().plan() == Faults::Plan{});
}

TEST_CASE("control: errnos have names", "[tools]")
{
    CHECK(errno_of("ENOMEM") == ENOMEM);
    CHECK(errno_of("12") == 12);
    CHECK_FALSE(errno_of("0"));
    CHECK_FALSE(errno_of("4096"));
    CHECK_FALSE(errno_of("enomem"));
    CHECK_FALSE(errno_of(""));
    CHECK(name_of_errno(EMFILE) == "EMFILE");
}

TEST_CASE("control: who holds a file is found by its descriptors and mappings", "[tools]")
{
    const UniqueFd file = *sys::memfd("held", 4096);
    const UniqueFd other = *sys::memfd("not looked for", 4096);
    const UniqueFd second = *sys::duplicate(file.get());
    void *const mapping = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file.get(), 0);
    REQUIRE(mapping != MAP_FAILED);
    const Inode wanted = inode_of(file.get()).value_or(Inode{});
    const test::Child child(test::sleep_until_killed); // which has inherited all of it

    const Holders holders = find_holders({ wanted });

    ::munmap(mapping, 4096);
    REQUIRE(holders.size() == 1);
    CHECK(holders.begin()->first == wanted);
    const auto &list = holders.at(wanted);
    const Holder expected{ .process = child.pid(), .descriptors = 2, .mappings = 1 };
    CHECK(std::ranges::find(list, expected) != list.end());
    CHECK(std::ranges::find(list, ::getpid(), &Holder::process) == list.end());
    CHECK(find_holders({ { .device = 1, .inode = 1 } }).empty());
}

TEST_CASE("control: a thread that has left the others' descriptors holds, too", "[tools]")
{
    const UniqueFd file = *sys::memfd("held", 4096);
    const Inode wanted = inode_of(file.get()).value_or(Inode{});
    const test::Child child([&](const test::Line &line) {
        std::jthread([&] {
            ::unshare(CLONE_FILES);
            line.say();
            line.hear();
        }).detach();
        return test::sleep_until_killed(line);
    });
    REQUIRE(child.line().hear() == 0);

    const auto held = find_holders({ wanted });

    const Holder expected{ .process = child.pid(), .descriptors = 2, .mappings = 0 };
    REQUIRE(held.contains(wanted));
    CHECK(std::ranges::find(held.at(wanted), expected) != held.at(wanted).end());
}

TEST_CASE("control: a process whose first thread has ended holds what the others have", "[tools]")
{
    const UniqueFd file = *sys::memfd("held", 4096);
    const Inode wanted = inode_of(file.get()).value_or(Inode{});
    const test::Child child([&](const test::Line &line) -> int {
        void *const mapping = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file.get(), 0);
        const pid_t first = ::gettid();
        std::jthread([&line, first, mapping] {
            while (!has_ended(first)) // a thread cannot be waited for
                ::sched_yield();
            line.say(mapping == MAP_FAILED ? 1 : 0);
            line.hear();
        }).detach();
        ::syscall(SYS_exit, 0);
        return 0;
    });
    REQUIRE(child.line().hear() == 0);

    const auto held = find_holders({ wanted });

    const Holder expected{ .process = child.pid(), .descriptors = 1, .mappings = 1 };
    REQUIRE(held.contains(wanted));
    CHECK(std::ranges::find(held.at(wanted), expected) != held.at(wanted).end());
}

TEST_CASE_METHOD(Fixture, "control: a heap of which only live buffers are known is shown as gone",
                 "[tools]")
{
    auto charge = ledger.restore({ .id = 0,
                                   .heap = "lost",
                                   .size = 4096,
                                   .owner = kOwner,
                                   .time = std::chrono::system_clock::now(),
                                   .file = {} });
    others.push_back({ .name = "lost", .heap = nullptr, .policy = "", .node = "", .exporter = "" });

    const auto heaps = *ask(R"({"version":1,"command":"heaps"})");
    REQUIRE(heaps.size() == 2);
    CHECK(heaps[1]["name"] == "lost");
    CHECK(heaps[1]["bytes"] == 4096);
    CHECK(heaps[1]["node"] == "");
    CHECK(ask(R"({"version":1,"command":"buffers","heap":"lost"})")->size() == 1);
    CHECK(ask(R"({"version":1,"command":"faults"})")->size() == 1);
    CHECK(code_of(R"("command":"set-limits","heap":"lost","limit":8192)").empty());
    CHECK(code_of(R"("command":"set-faults","heap":"lost","errno":"EIO")") == "ENOENT");
}

TEST_CASE_METHOD(Fixture, "control: each heap is shown with the exporter of its buffers", "[tools]")
{
    CHECK((*ask(R"({"version":1,"command":"heaps"})"))[0]["exporter"] == "another");
    CHECK((*ask(R"({"version":1,"command":"status"})"))["exporter"] == "fake");
}

TEST_CASE_METHOD(Fixture, "control: a heap that the config has no more is shown without a node",
                 "[tools]")
{
    node = "";

    CHECK((*ask(R"({"version":1,"command":"heaps"})"))[0]["node"] == "");
    CHECK((*ask(R"({"version":1,"command":"status"})"))["heaps"] == 0);
    CHECK(code_of(R"("command":"buffers","heap":"camera")").empty());
}

TEST_CASE("control: a process that cannot be looked into ends the search, not the socket",
          "[tools]")
{
    const test::TempDir proc;
    const std::string process = proc.path() + "/1/task/1";
    std::filesystem::create_directories(process + "/fd");
    const std::string maps = process + "/maps";
    REQUIRE(::mkfifo(maps.c_str(), 0600) == 0); // who opens it waits for a writer
    const std::set<Inode> files{ { .device = 1, .inode = 2 } };
    HolderSearch search(std::chrono::milliseconds(20));

    CHECK_FALSE(search.find(files, proc.path()));
    CHECK_FALSE(search.find(files, "/nowhere")); // not while it is under way

    // There is a reader, the search; it ends when there has been a writer.
    CHECK(UniqueFd(::open(maps.c_str(), O_WRONLY | O_CLOEXEC)).valid());
    CHECK(test::await([&] { return search.find(files, "/nowhere").has_value(); }));
}
