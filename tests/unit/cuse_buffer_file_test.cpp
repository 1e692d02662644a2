// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/resource.h>

#include "core/sys.h"
#include "cuse/buffer_file.h"
#include "tests/support/catch.h"
#include "tests/support/deadline.h"
#include "tests/support/proc.h"
#include "tests/unit/support/skip.h"

using namespace dmaheap;
using namespace dmaheap::cuse;
using Backing = BufferFileExporter::Backing;

namespace {

constexpr Bytes kPage = 4096;

/// The thread of this process that has /dev/fuse in its table; 0: none.
pid_t serving_thread()
{
    for (const pid_t thread : test::proc::threads(::getpid()))
        for (const auto &file : std::filesystem::directory_iterator("/proc/self/task/" +
                                                                    std::to_string(thread) + "/fd"))
            if (std::filesystem::read_symlink(file) == "/dev/fuse")
                return thread;
    return 0;
}

/// How often a thread has gone to sleep.
long sleeps_of(pid_t thread)
{
    std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
    const std::string key = "voluntary_ctxt_switches:";
    std::string line;
    while (std::getline(status, line))
        if (line.starts_with(key))
            return std::stol(line.substr(key.size()));
    return -1;
}

struct Fixture {
    explicit Fixture(Backing backing = Backing::passthrough) : exporter(backing, [this] { ++told; })
    {
        ledger.set_limit("heap", machine_memory());
    }

    Result<UniqueFd> export_or_not(Memory memory)
    {
        const Bytes size = memory.size();
        Buffer buffer(*ledger.charge("heap", size, Owner{ .process = 1, .user = 0 }),
                      std::move(memory));
        return exporter.export_buffer(std::move(buffer), O_RDWR);
    }
    UniqueFd exported(Memory memory) { return export_or_not(std::move(memory)).value(); }
    std::vector<UniqueFd> exported_until_refused()
    {
        std::vector<UniqueFd> buffers;
        for (auto made = export_or_not(Memory::any_pages(kPage)); made;
             made = export_or_not(Memory::any_pages(kPage)))
            buffers.push_back(*std::move(made));
        return buffers;
    }
    std::vector<UniqueFd> exported(long count)
    {
        std::vector<UniqueFd> buffers;
        while (std::ssize(buffers) < count)
            buffers.push_back(exported(Memory::any_pages(kPage)));
        return buffers;
    }
    /// Its pages are not the whole of a file, so it goes through the page cache.
    UniqueFd window()
    {
        auto file = sys::memfd("two pages", 2 * kPage);
        REQUIRE(file);
        return exported(Memory(Extent{ .file = *std::move(file), .offset = 0, .size = kPage }));
    }
    [[nodiscard]] std::uint64_t live() const { return ledger.accounts().at("heap").use.buffers; }

    Ledger ledger;
    std::atomic<int> told = 0;
    BufferFileExporter exporter;
};

constexpr long kClosed = 200;

/// How often the server has slept while kClosed buffers were closed, one after the other, with time
/// for it to go to sleep in between. Of several rounds: a busy machine may leave it less, or more.
struct Sleeps {
    explicit Sleeps(Fixture &fixture)
    {
        const pid_t server = serving_thread();
        REQUIRE(server != 0);
        for (int round = 0; round < 5; ++round) {
            auto buffers = fixture.exported(kClosed);
            const long before = sleeps_of(server);
            for (UniqueFd &buffer : buffers) {
                buffer.reset();
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            }
            fewest = std::min(fewest, sleeps_of(server) - before);
            most = std::max(most, sleeps_of(server) - before);
            fixture.exporter.reap();
        }
    }

    long fewest = std::numeric_limits<long>::max();
    long most = 0;
};

/// Dirties a page and waits until it is where it belongs.
void write_through(const UniqueFd &window)
{
    void *const page = ::mmap(nullptr, kPage, PROT_WRITE, MAP_SHARED, window.get(), 0);
    REQUIRE(page != MAP_FAILED);
    *static_cast<char *>(page) = 1;
    REQUIRE(::munmap(page, kPage) == 0);
}

int lowest_free_descriptor()
{
    return UniqueFd(::dup(0)).get();
}

/// A limit for this process, as long as it lasts.
struct FewDescriptors {
    explicit FewDescriptors(int count)
    {
        ::getrlimit(RLIMIT_NOFILE, &before);
        const rlimit few{ .rlim_cur = static_cast<rlim_t>(count), .rlim_max = before.rlim_max };
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    }
    FewDescriptors(const FewDescriptors &) = delete;
    FewDescriptors &operator=(const FewDescriptors &) = delete;
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }

    rlimit before{};
};

void skip_unless_there_is_passthrough()
{
    if (::access("/dev/fuse", R_OK | W_OK) == -1)
        test::skip_program(std::string("/dev/fuse: ") + std::strerror(errno));
    if (!Fixture().exporter.has_passthrough())
        test::skip_program("no FUSE passthrough on this machine");
}

} // namespace

TEST_CASE("buffer_file: who closes one buffer after another does not wake the server each time",
          "[cuse]")
{
    skip_unless_there_is_passthrough();
    Fixture fixture;

    CHECK(Sleeps(fixture).fewest < kClosed / 2);
    CHECK(fixture.live() == 0);
}

TEST_CASE("buffer_file: what has been closed has ended after a reap, however many", "[cuse]")
{
    const auto backing = GENERATE(Backing::passthrough, Backing::page_cache);
    skip_unless_there_is_passthrough();
    Fixture fixture(backing);
    for (const long count : { 1, 2, 500, 1, 40 }) {
        auto buffers = fixture.exported(count);
        CHECK(fixture.live() == static_cast<std::uint64_t>(count));

        buffers.resize(1);
        fixture.exporter.reap();
        CHECK(fixture.live() == 1);

        buffers.clear();
        fixture.exporter.reap();
        CHECK(fixture.live() == 0);
    }
}

TEST_CASE("buffer_file: what is kept back comes by itself", "[cuse]")
{
    skip_unless_there_is_passthrough();
    Fixture fixture;
    fixture.exported(20).clear();

    // Nobody reaps: what has ended is looked after when files are opened ahead of need.
    std::vector<UniqueFd> kept;
    const test::Deadline deadline;
    while (!deadline.passed() && (kept.empty() || fixture.live() > kept.size())) {
        kept.push_back(fixture.exported(Memory::any_pages(kPage)));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    CHECK(fixture.live() == kept.size());
    CHECK(fixture.told > 0);
}

TEST_CASE("buffer_file: all comes back of a full table of descriptors", "[cuse]")
{
    skip_unless_there_is_passthrough();
    Fixture fixture;
    const FewDescriptors few(test::proc::descriptors(::getpid()) + 100);
    for (int round = 0; round < 3; ++round) {
        auto buffers = fixture.exported_until_refused();
        CHECK(buffers.size() > 20);

        buffers.clear();

        const FewDescriptors none(lowest_free_descriptor());
        const test::Deadline deadline;
        while (fixture.live() > 0 && !deadline.passed())
            fixture.exporter.reap();
        CHECK(fixture.live() == 0);
    }
}

TEST_CASE("buffer_file: beside what is written back, nothing is kept back", "[cuse]")
{
    skip_unless_there_is_passthrough();
    Fixture fixture;
    UniqueFd window = fixture.window();

    CHECK(Sleeps(fixture).most > kClosed / 2);
    window.reset();
    fixture.exporter.reap();
    CHECK(Sleeps(fixture).fewest < kClosed / 2);
}

TEST_CASE("buffer_file: what is written back does not wait for a release", "[cuse]")
{
    skip_unless_there_is_passthrough();
    Fixture fixture;
    auto fastest = std::chrono::steady_clock::duration::max();
    for (int round = 0; round < 20; ++round) {
        fixture.exported(1).clear(); // the answer is owed, for 20 ms
        const auto before = std::chrono::steady_clock::now();
        write_through(fixture.window());
        fastest = std::min(fastest, std::chrono::steady_clock::now() - before);
        fixture.exporter.reap();
    }

    CHECK(fastest < std::chrono::milliseconds(10));
}

TEST_CASE("buffer_file: several threads that reap see all of it", "[cuse]")
{
    skip_unless_there_is_passthrough();
    Fixture fixture;
    std::atomic<int> late = 0;
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&fixture, &late] {
            for (int round = 0; round < 50; ++round) {
                {
                    const auto buffers = fixture.exported(10);
                }
                fixture.exporter.reap();
                late += fixture.live() > 30 ? 1 : 0; // none of ours, and at most 10 of each other
            }
        });
    threads.clear();

    CHECK(late == 0);
    CHECK(fixture.live() == 0);
}

TEST_CASE("buffer_file: an exporter ends in the middle of it", "[cuse]")
{
    skip_unless_there_is_passthrough();
    for (int round = 0; round < 20; ++round) {
        Fixture fixture;
        auto buffers = fixture.exported(round);
        buffers.clear();
    }
}
