// SPDX-License-Identifier: MIT
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "core/sys.h"
#include "core/wipe.h"
#include "core/wiper.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

constexpr Bytes kPage = 4096;

/// The extents of one file, as offset and size.
Memory memory_of(int file, const std::vector<std::pair<Bytes, Bytes>> &places)
{
    std::vector<Extent> extents;
    for (const auto &[offset, size] : places)
        extents.push_back({ .file = *sys::duplicate(file), .offset = offset, .size = size });
    return Memory(std::move(extents));
}

UniqueFd file_full_of(char content, Bytes size)
{
    UniqueFd file = *sys::memfd("wiped", size);
    const std::string text(size, content);
    REQUIRE(::pwrite(file.get(), text.data(), size, 0) == static_cast<ssize_t>(size));
    return file;
}

std::string content_of(int file, Bytes offset, Bytes size)
{
    std::string text(size, '?');
    REQUIRE(::pread(file, text.data(), size, static_cast<off_t>(offset)) ==
            static_cast<ssize_t>(size));
    return text;
}

Bytes pages_of(int file)
{
    struct stat status{};
    REQUIRE(::fstat(file, &status) == 0);
    return static_cast<Bytes>(status.st_blocks) * 512;
}

struct Outcome {
    Memory memory;
    Status status;
    std::thread::id thread;
};

std::future<Outcome> wipe_with(Wiper &wiper, Memory memory)
{
    auto outcome = std::make_shared<std::promise<Outcome>>();
    wiper.wipe(std::move(memory), [outcome](Memory wiped, Status status) {
        outcome->set_value({ std::move(wiped), status, std::this_thread::get_id() });
    });
    return outcome->get_future();
}

} // namespace

TEST_CASE("wipe: makes the extents zero, and nothing beside them", "[core]")
{
    const UniqueFd file = file_full_of('x', 8 * kPage);
    Memory memory = memory_of(file.get(), { { 5 * kPage, 2 * kPage }, { kPage, kPage } });

    REQUIRE(wipe(memory));

    CHECK(content_of(file.get(), 0, kPage) == std::string(kPage, 'x'));
    CHECK(content_of(file.get(), kPage, kPage) == std::string(kPage, '\0'));
    CHECK(content_of(file.get(), 2 * kPage, 3 * kPage) == std::string(3 * kPage, 'x'));
    CHECK(content_of(file.get(), 5 * kPage, 2 * kPage) == std::string(2 * kPage, '\0'));
    CHECK(content_of(file.get(), 7 * kPage, kPage) == std::string(kPage, 'x'));
}

TEST_CASE("wipe: renews memory by files that nobody else has", "[core]")
{
    const UniqueFd file = file_full_of('x', 2 * kPage);
    Memory memory = memory_of(file.get(), { { 0, 2 * kPage } });

    REQUIRE(renew(memory));

    CHECK(content_of(memory.extents().front().file.get(), 0, 2 * kPage) ==
          std::string(2 * kPage, '\0'));
    CHECK(content_of(file.get(), 0, 2 * kPage) == std::string(2 * kPage, 'x'));
    Memory part = memory_of(file.get(), { { kPage, kPage } });
    const auto refused = renew(part);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == EPERM);
}

TEST_CASE("wipe: takes the pages that are not there yet", "[core]")
{
    const UniqueFd file = *sys::memfd("empty", Bytes{ 1 } << 20);
    Memory memory = memory_of(file.get(), { { 0, Bytes{ 1 } << 20 } });
    REQUIRE(pages_of(file.get()) == 0);

    REQUIRE(wipe(memory));

    CHECK(pages_of(file.get()) == Bytes{ 1 } << 20);
}

TEST_CASE("wipe: what is sealed against writing is replaced by a file of zeroes", "[core]")
{
    const UniqueFd file = file_full_of('x', 2 * kPage);
    Memory memory = memory_of(file.get(), { { 0, 2 * kPage } });
    REQUIRE(sys::add_seals(file.get(), F_SEAL_WRITE));

    REQUIRE(wipe(memory));

    CHECK(content_of(memory.extents()[0].file.get(), 0, 2 * kPage) == std::string(2 * kPage, '\0'));
    CHECK(pages_of(memory.extents()[0].file.get()) == 2 * kPage);
    CHECK(content_of(file.get(), 0, kPage) == std::string(kPage, 'x')); // another's is left alone
}

TEST_CASE("wipe: a sealed file of which the memory is a part cannot be wiped", "[core]")
{
    const UniqueFd file = file_full_of('x', 2 * kPage);
    Memory memory = memory_of(file.get(), { { 0, kPage } });
    REQUIRE(sys::add_seals(file.get(), F_SEAL_WRITE));

    CHECK(wipe(memory).error().code == EPERM);
}

TEST_CASE("wiper: wipes on a thread of its own, and gives the memory on", "[core]")
{
    const UniqueFd file = file_full_of('x', 4 * kPage);
    Wiper wiper;

    const Outcome first = wipe_with(wiper, memory_of(file.get(), { { 0, kPage } })).get();
    const Outcome second = wipe_with(wiper, memory_of(file.get(), { { kPage, kPage } })).get();

    CHECK(first.status);
    CHECK(second.status);
    CHECK(first.thread == second.thread);
    CHECK(first.thread != std::this_thread::get_id());
    CHECK(first.memory.size() == kPage);
    CHECK(content_of(file.get(), 0, 2 * kPage) == std::string(2 * kPage, '\0'));
    CHECK(content_of(file.get(), 2 * kPage, 2 * kPage) == std::string(2 * kPage, 'x'));
}

TEST_CASE("wiper: says so when memory could not be wiped", "[core]")
{
    const UniqueFd file = file_full_of('x', 2 * kPage);
    REQUIRE(sys::add_seals(file.get(), F_SEAL_WRITE));
    Wiper wiper;

    CHECK(wipe_with(wiper, memory_of(file.get(), { { 0, kPage } })).get().status.error().code ==
          EPERM);
}

TEST_CASE("wiper: what waits at its end is given on as not wiped, and so is what comes later",
          "[core]")
{
    const UniqueFd file = file_full_of('x', 4 * kPage);
    Wiper wiper;
    std::promise<void> entered;
    std::promise<void> released;
    wiper.wipe(memory_of(file.get(), { { 0, kPage } }), [&](const Memory &, Status) {
        entered.set_value();
        released.get_future().wait();
    });
    auto waiting = wipe_with(wiper, memory_of(file.get(), { { kPage, kPage } }));
    entered.get_future().wait();

    std::thread stopping([&] { wiper.stop(); });
    // It takes the waiting away before it waits for the one under way.
    released.set_value();
    stopping.join();
    const auto outcome = waiting.get();
    const auto later = wipe_with(wiper, memory_of(file.get(), { { 2 * kPage, kPage } })).get();

    CHECK(later.status.error().code == ECANCELED);
    CHECK(later.thread == std::this_thread::get_id());
    CHECK(content_of(file.get(), 2 * kPage, kPage) == std::string(kPage, 'x'));
    // Stopped in time or wiped just before: but never neither.
    CHECK(content_of(file.get(), kPage, kPage) == std::string(kPage, outcome.status ? '\0' : 'x'));
}

TEST_CASE("wiper: one that is held wipes nothing before it is started, if it ever is", "[core]")
{
    const UniqueFd file = file_full_of('x', kPage);
    {
        Wiper never(Wiper::Held{});
        auto given_on = wipe_with(never, memory_of(file.get(), { { 0, kPage } }));
        never.stop();
        CHECK(given_on.get().status.error().code == ECANCELED);
    }
    CHECK(content_of(file.get(), 0, kPage) == std::string(kPage, 'x'));

    Wiper wiper(Wiper::Held{});
    auto wiped = wipe_with(wiper, memory_of(file.get(), { { 0, kPage } }));
    wiper.start();
    CHECK(wiped.get().status);
    CHECK(content_of(file.get(), 0, kPage) == std::string(kPage, '\0'));
}
