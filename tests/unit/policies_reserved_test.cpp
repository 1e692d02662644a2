// SPDX-License-Identifier: MIT
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include "core/sys.h"
#include "policies/reserved.h"
#include "tests/support/catch.h"
#include "tests/unit/support/fakes.h"

using namespace dmaheap;
using namespace dmaheap::policies;

namespace {

constexpr Bytes kPage = Extents::kGranule;
constexpr Bytes kPages = 16;

/// What was made ahead; tells which file it is over.
struct Ahead final : Prepared {
    explicit Ahead(int made_over) : file(made_over) {}
    int file;
};

struct Exporter final : test::FakeExporter {
    Status prepare(Memory &memory) override
    {
        ++prepared;
        memory.keep(std::make_unique<Ahead>(memory.extents()[0].file.get()));
        return {};
    }

    std::atomic<int> prepared = 0;
};

bool is_zero(const Memory &memory)
{
    for (const Extent &extent : memory.extents()) {
        std::string text(extent.size, '?');
        REQUIRE(::pread(extent.file.get(), text.data(), extent.size,
                        static_cast<off_t>(extent.offset)) == static_cast<ssize_t>(extent.size));
        if (text != std::string(extent.size, '\0'))
            return false;
    }
    return true;
}

void spoil(const Memory &memory)
{
    for (const Extent &extent : memory.extents()) {
        const std::string text(extent.size, 'x');
        REQUIRE(::pwrite(extent.file.get(), text.data(), extent.size,
                         static_cast<off_t>(extent.offset)) == static_cast<ssize_t>(extent.size));
    }
}

struct Fixture {
    explicit Fixture(Reservoir reservoir = *Reservoir::ordinary(kPages * kPage))
        : region("cma", std::move(reservoir), wiper)
    {
    }

    Fixture(const Fixture &) = delete;
    Fixture &operator=(const Fixture &) = delete;
    ~Fixture() { wiper.stop(); } // what it has not wiped yet goes home to the region

    /// Three buffers of four pages.
    std::unique_ptr<Policy> make(bool overflow = false)
    {
        auto policy = Reserved::make(
            { .region = &region, .buffers = 3, .buffer_size = 4 * kPage, .overflow = overflow },
            { .exporter = exporter, .wiper = wiper });
        REQUIRE(policy);
        return *std::move(policy);
    }

    static int error_of(Policy &policy, Bytes pages)
    {
        const auto memory = policy.obtain(pages * kPage);
        return memory ? 0 : memory.error().code;
    }

    Exporter exporter;
    Wiper wiper;
    Region region;
};

struct WithFilesApart : Fixture {
    WithFilesApart() : Fixture(Reservoir::files_apart(kPages * kPage)) {}
};

} // namespace

TEST_CASE_METHOD(Fixture, "reserved: all its buffers are made and exported at start", "[policies]")
{
    const auto policy = make();

    CHECK(exporter.prepared == 3);
    CHECK(region.use().free == 4 * kPage);
    auto buffer = policy->obtain(4 * kPage);
    REQUIRE(buffer);
    CHECK(buffer->prepared());
    CHECK(exporter.prepared == 3);
    CHECK(policy->describe() == "3 buffers of 16KiB reserved in region cma");
}

TEST_CASE_METHOD(Fixture, "reserved: so many succeed, and one more is ENOMEM", "[policies]")
{
    const auto policy = make();
    Region::Share &others = **region.open_share(0);
    const auto rest = region.take(others, 4 * kPage, Region::Shape::any);
    CHECK(region.take(others, kPage, Region::Shape::any).error().code == ENOMEM);

    for (int round = 0; round < 20; ++round) {
        std::vector<Memory> buffers;
        for (int buffer = 0; buffer < 3; ++buffer) {
            auto memory = policy->obtain(4 * kPage);
            REQUIRE(memory);
            REQUIRE(is_zero(*memory));
            spoil(*memory);
            buffers.push_back(*std::move(memory));
        }
        CHECK(error_of(*policy, 4) == ENOMEM);
        CHECK(error_of(*policy, 1) == ENOMEM);
    }
}

TEST_CASE_METHOD(Fixture, "reserved: no buffer is larger than they are", "[policies]")
{
    CHECK(error_of(*make(), 5) == ENOMEM);
}

TEST_CASE_METHOD(Fixture, "reserved: with overflow, the rest of the region is used beyond them",
                 "[policies]")
{
    const auto policy = make(true);
    std::vector<Memory> buffers;
    for (int buffer = 0; buffer < 4; ++buffer)
        buffers.push_back(*policy->obtain(4 * kPage));

    CHECK(error_of(*policy, 1) == ENOMEM);
    CHECK(region.use().free == 0);
    buffers.pop_back();
    CHECK(error_of(*policy, 4) == 0);
}

TEST_CASE_METHOD(Fixture,
                 "reserved: a smaller request has a part of a buffer, all of which it "
                 "keeps from others",
                 "[policies]")
{
    const auto policy = make();
    {
        const auto part = policy->obtain(kPage);
        const auto whole = policy->obtain(4 * kPage);
        const auto other = policy->obtain(2 * kPage);

        REQUIRE((part && whole && other));
        CHECK(part->size() == kPage);
        CHECK_FALSE(part->prepared());
        CHECK(error_of(*policy, 1) == ENOMEM);
        spoil(*part);
    }
    for (int buffer = 0; buffer < 3; ++buffer) {
        const auto memory = policy->obtain(4 * kPage);
        REQUIRE(memory);
        CHECK(is_zero(*memory));
        CHECK(memory->prepared());
    }
}

TEST_CASE_METHOD(Fixture, "reserved: what comes back is exported anew, and in the background",
                 "[policies]")
{
    const auto policy = make();
    for (int round = 0; round < 9; ++round) {
        auto buffer = policy->obtain(4 * kPage);
        REQUIRE(buffer);
        CHECK(buffer->prepared());
        const auto used = buffer->take_prepared();
    }

    while (exporter.prepared != 3 + 9)
        std::this_thread::yield();
    CHECK(policy->obtain(4 * kPage));
}

TEST_CASE_METHOD(Fixture, "reserved: buffers may outlive the heap", "[policies]")
{
    auto policy = make();
    std::optional<Memory> buffer = *policy->obtain(4 * kPage);
    std::optional<Memory> part = *policy->obtain(kPage);

    policy.reset();
    wiper.stop();
    buffer.reset();
    part.reset();

    const auto use = region.use();
    CHECK(use.free + use.lost + use.being_wiped == kPages * kPage);
}

TEST_CASE_METHOD(WithFilesApart, "reserved: has its pages from the start where buffers are files",
                 "[policies]")
{
    const auto policy = make();
    for (int round = 0; round < 5; ++round) {
        auto buffer = policy->obtain(4 * kPage);
        REQUIRE(buffer);
        const int file = buffer->extents()[0].file.get();
        struct stat status{};
        REQUIRE(::fstat(file, &status) == 0);
        CHECK(static_cast<Bytes>(status.st_blocks) * 512 == 4 * kPage);
        REQUIRE(is_zero(*buffer));
        spoil(*buffer);
        REQUIRE(sys::add_seals(file, F_SEAL_WRITE)); // as a buffer file does at its end
    }
}
