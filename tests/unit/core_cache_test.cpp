// SPDX-License-Identifier: MIT
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/resource.h>

#include "core/cache.h"
#include "core/heap.h"
#include "tests/support/catch.h"
#include "tests/unit/support/fakes.h"

using namespace dmaheap;
using test::FakePolicy;

namespace {

constexpr Bytes kPage = 4096;
constexpr Owner kOwner{ .process = 4242, .user = 1000 };

struct Ahead final : Prepared {};

class PreparingExporter final : public test::FakeExporter {
public:
    [[nodiscard]] bool leaves_memory() const override { return leaves; }
    Status prepare(Memory &memory) override
    {
        memory.keep(std::make_unique<Ahead>());
        return {};
    }

    bool leaves = true;
};

/// A file full of something, which tells where it is in the end.
struct Origin {
    Memory memory(Bytes size, Bytes offset = 0)
    {
        file = *sys::memfd("used", offset + size);
        const std::string text(offset + size, 'x');
        REQUIRE(::pwrite(file.get(), text.data(), text.size(), 0) ==
                static_cast<ssize_t>(text.size()));
        Memory made(Extent{ .file = *sys::duplicate(file.get()), .offset = offset, .size = size });
        made.add_home([this](const Memory &) { ++back; });
        return made;
    }

    UniqueFd file;
    int back = 0;
};

bool is_zero(const Memory &memory)
{
    const Extent &extent = memory.extents().front();
    std::string text(extent.size, '?');
    REQUIRE(::pread(extent.file.get(), text.data(), text.size(),
                    static_cast<off_t>(extent.offset)) == static_cast<ssize_t>(text.size()));
    return text == std::string(extent.size, '\0');
}

struct Fixture {
    /// A buffer of the cache's heap has that memory, and ends.
    void use_up(Memory memory)
    {
        cache->expect(memory);
        {
            const Memory used = std::move(memory);
        }
        cache->settle();
    }

    PreparingExporter exporter;
    Wiper wiper;
    Caches caches;
    std::shared_ptr<Cache> cache = caches.add(8 * kPage, exporter, wiper);
    Origin origin; // ends before the cache: `back` is looked at while it lives

    ~Fixture() { cache->give_back(); }
};

} // namespace

TEST_CASE_METHOD(Fixture, "cache: memory of that size is zero again, and exported ahead", "[core]")
{
    use_up(origin.memory(2 * kPage));
    CHECK(cache->use().bytes == 2 * kPage);

    CHECK_FALSE(cache->take(kPage));
    CHECK_FALSE(cache->take(3 * kPage));
    const auto memory = cache->take(2 * kPage);

    REQUIRE(memory);
    CHECK(memory->size() == 2 * kPage);
    CHECK(is_zero(*memory));
    CHECK(memory->prepared());
    CHECK(inode_of(memory->extents().front().file.get()).value_or(Inode{}) ==
          inode_of(origin.file.get()).value_or(Inode{}));
    CHECK(cache->use().bytes == 0);
    CHECK(cache->use().recycled == 1);
    CHECK_FALSE(cache->take(2 * kPage));
}

TEST_CASE_METHOD(Fixture, "cache: memory that clients may still reach is a new file", "[core]")
{
    exporter.leaves = false;
    use_up(origin.memory(kPage));

    const auto memory = cache->take(kPage);

    REQUIRE(memory);
    CHECK(is_zero(*memory));
    CHECK(inode_of(memory->extents().front().file.get()).value_or(Inode{}) !=
          inode_of(origin.file.get()).value_or(Inode{}));
}

TEST_CASE_METHOD(Fixture, "cache: memory that cannot be a new file goes home", "[core]")
{
    exporter.leaves = false;
    use_up(origin.memory(kPage, kPage)); // a part of a file

    CHECK(origin.back == 1);
    CHECK(cache->use().bytes == 0);
    CHECK_FALSE(cache->take(kPage));
}

TEST_CASE_METHOD(Fixture, "cache: memory without a file of its own is given one", "[core]")
{
    use_up(Memory::any_pages(kPage));

    const auto memory = cache->take(kPage);

    REQUIRE(memory);
    CHECK(memory->placed());
    CHECK(is_zero(*memory));
}

TEST_CASE_METHOD(Fixture, "cache: keeps no more than it may, and the newest", "[core]")
{
    Origin others;
    use_up(others.memory(3 * kPage));
    use_up(origin.memory(4 * kPage));
    use_up(Memory::any_pages(4 * kPage));

    CHECK(cache->use().bytes == 8 * kPage);
    CHECK(others.back == 1);
    CHECK(origin.back == 0);
    use_up(Memory::any_pages(9 * kPage)); // more than there may ever be
    CHECK(cache->use().bytes == 8 * kPage);
}

TEST_CASE_METHOD(Fixture, "cache: gives back all it has, and goes on", "[core]")
{
    use_up(origin.memory(kPage));
    REQUIRE(origin.back == 0);

    cache->give_back();

    CHECK(origin.back == 1);
    CHECK(cache->use().bytes == 0);
    use_up(Memory::any_pages(kPage));
    CHECK(cache->take(kPage));
}

TEST_CASE_METHOD(Fixture, "cache: what is being wiped when all is given back is not kept", "[core]")
{
    for (int round = 0; round < 20; ++round) {
        Memory memory = origin.memory(8 * kPage);
        cache->expect(memory);
        {
            const Memory used = std::move(memory);
        }
        CHECK(caches.make_room());
        CHECK(origin.back == round + 1);
        CHECK(cache->use().bytes == 0);
    }
    CHECK_FALSE(caches.make_room());
}

TEST_CASE_METHOD(Fixture, "cache: keeps nothing once it is closed", "[core]")
{
    cache->close();

    use_up(origin.memory(kPage));

    CHECK(origin.back == 1);
    CHECK(cache->use().bytes == 0);
}

TEST_CASE_METHOD(Fixture, "cache: keeps nothing that the wiper did not wipe", "[core]")
{
    wiper.stop();

    use_up(origin.memory(kPage));

    CHECK(origin.back == 1);
    CHECK_FALSE(cache->take(kPage));
}

namespace {

/// Has so many bytes and no more.
class ScarcePolicy final : public Policy {
public:
    Result<Memory> obtain(Bytes size) override
    {
        if (size > left)
            return failure(ENOMEM, "no pages");

        left -= size;
        Memory memory(Extent{ .file = *sys::memfd("scarce", size), .offset = 0, .size = size });
        memory.add_home([this, size](const Memory &) { left += size; });
        return memory;
    }

    Bytes left = 4 * kPage;
};

struct TwoHeaps : Fixture {
    TwoHeaps()
    {
        ledger.set_limit("keeping", 8 * kPage);
        ledger.set_limit("other", 8 * kPage);
    }
    ~TwoHeaps() { exporter.live.clear(); }

    /// The errno; 0 when there is a buffer, which ends at once.
    int error_of(Heap &heap, Bytes size)
    {
        const auto buffer = heap.allocate(size, O_RDWR, kOwner);
        exporter.live.clear();
        cache->settle();
        return buffer ? 0 : buffer.error().code;
    }

    /// Draws from what `keeping` draws from.
    struct Passing final : Policy {
        explicit Passing(Policy &to) : policy(to) {}
        Result<Memory> obtain(Bytes size) override { return policy.obtain(size); }
        Policy &policy;
    };

    ScarcePolicy scarce;
    Ledger ledger;
    Heap keeping{ "keeping",
                  std::make_unique<Passing>(scarce),
                  ledger,
                  exporter,
                  { .all = &caches, .own = cache } };
    Heap other{ "other",
                std::make_unique<Passing>(scarce),
                ledger,
                exporter,
                { .all = &caches, .own = nullptr } };
};

} // namespace

TEST_CASE_METHOD(TwoHeaps, "heap: what is kept is used again, and is not live", "[core]")
{
    CHECK(error_of(keeping, 3 * kPage) == 0);
    CHECK(scarce.left == kPage);
    CHECK(keeping.cached().bytes == 3 * kPage);
    CHECK(ledger.accounts().at("keeping").use.bytes == 0);

    CHECK(error_of(keeping, 3 * kPage) == 0);

    CHECK(keeping.cached().recycled == 1);
    CHECK(other.cached().bytes == 0);
}

TEST_CASE_METHOD(TwoHeaps, "heap: gives back what others keep before it says ENOMEM", "[core]")
{
    REQUIRE(error_of(keeping, 3 * kPage) == 0);

    CHECK(error_of(other, 4 * kPage) == 0);

    CHECK(keeping.cached().bytes == 0);
    CHECK(error_of(other, 5 * kPage) == ENOMEM);
}

TEST_CASE_METHOD(TwoHeaps, "heap: gives back what is kept when no dma-buf can be made", "[core]")
{
    REQUIRE(error_of(keeping, 3 * kPage) == 0);
    exporter.outcome = failure(ENOMEM, "export");

    CHECK(error_of(other, kPage) == ENOMEM);

    CHECK(keeping.cached().bytes == 0);
    CHECK(scarce.left == 4 * kPage);
}

TEST_CASE_METHOD(TwoHeaps, "heap: a limit makes nobody give back what is kept", "[core]")
{
    REQUIRE(error_of(keeping, 3 * kPage) == 0);

    CHECK(error_of(other, 9 * kPage) == ENOMEM);

    CHECK(keeping.cached().bytes == 3 * kPage);
}

TEST_CASE_METHOD(Fixture, "cache: pieces that are still being wiped count, too", "[core]")
{
    constexpr std::size_t kMany = Cache::kMostPieces + 100;
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    const auto large = caches.add(2 * kMany * kPage, exporter, wiper);
    std::promise<void> over;
    wiper.wipe(origin.memory(kPage),
               [end = over.get_future().share()](const Memory &, const Status &) { end.wait(); });

    for (std::size_t count = 0; count < kMany; ++count) {
        Memory used(Extent{ .file = *sys::memfd("used", kPage), .offset = 0, .size = kPage });
        large->expect(used);
    }
    over.set_value();
    large->settle();

    CHECK(large->use().bytes == Cache::kMostPieces * kPage);
}
