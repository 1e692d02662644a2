// SPDX-License-Identifier: MIT
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "core/sys.h"
#include "policies/catalogue.h"
#include "tests/support/catch.h"
#include "tests/unit/support/fakes.h"

using namespace dmaheap;
using namespace dmaheap::policies;

namespace {

constexpr Bytes kPage = Extents::kGranule;
constexpr Bytes kPages = 16;

struct Fixture {
    std::unique_ptr<Policy> make(std::string_view name, Options options = {})
    {
        options.region = &region;
        auto policy = find(name)->make(options, { .exporter = exporter, .wiper = wiper });
        REQUIRE(policy);
        return *std::move(policy);
    }

    int error_of(Policy &policy, Bytes pages)
    {
        const auto memory = policy.obtain(pages * kPage);
        return memory ? 0 : memory.error().code;
    }

    /// Every other page of it is taken, by somebody else.
    std::vector<Memory> tear(Policy &policy)
    {
        std::vector<Memory> pages;
        for (Bytes page = 0; page < kPages; ++page)
            pages.push_back(*policy.obtain(kPage));
        for (Bytes page = 0; page < kPages / 2; ++page)
            pages.erase(pages.begin() + static_cast<std::ptrdiff_t>(page));
        while (region.use().being_wiped != 0)
            std::this_thread::yield();
        return pages;
    }

    test::FakeExporter exporter;
    Wiper wiper;
    Region region{ "cma", *Reservoir::ordinary(kPages *kPage), wiper };
};

} // namespace

TEST_CASE_METHOD(Fixture, "contiguous: one extent, or ENOMEM", "[policies]")
{
    const auto policy = make("contiguous");
    const auto torn = tear(*policy);

    CHECK(error_of(*policy, 2) == ENOMEM);
    CHECK(error_of(*policy, 1) == 0);
    const auto use = region.use();
    CHECK(use.free + use.being_wiped == kPages / 2 * kPage);
}

TEST_CASE_METHOD(Fixture, "contiguous: says that it is emulated where it is", "[policies]")
{
    CHECK(make("contiguous")->describe() == "contiguous (emulated) in region cma");
}

TEST_CASE_METHOD(Fixture, "carveout: as many extents as it takes, up to the region", "[policies]")
{
    const auto policy = make("carveout");
    const auto torn = tear(*policy);

    const auto memory = policy->obtain(kPages / 2 * kPage);

    REQUIRE(memory);
    CHECK(memory->extents().size() == kPages / 2);
    CHECK(error_of(*policy, 1) == ENOMEM);
    CHECK(policy->describe() == "carveout of region cma");
}

TEST_CASE_METHOD(Fixture, "contiguous, carveout: several heaps share what is not guaranteed",
                 "[policies]")
{
    const auto common = make("carveout");
    const auto favoured = make("contiguous", { .guarantee = 4 * kPage });
    const auto greedy = common->obtain((kPages - 4) * kPage);

    CHECK(greedy);
    CHECK(error_of(*common, 1) == ENOMEM);
    CHECK(error_of(*favoured, 4) == 0);
}

TEST_CASE_METHOD(Fixture, "contiguous: begins where the alignment says", "[policies]")
{
    const auto policy = make("contiguous", { .alignment = 4 * kPage });
    const auto first = policy->obtain(kPage);
    const auto second = policy->obtain(kPage);

    REQUIRE((first && second));
    CHECK(second->extents()[0].offset == 4 * kPage);
}

TEST_CASE_METHOD(Fixture, "policies: a region that cannot give the guarantee makes no heap",
                 "[policies]")
{
    const Tools tools{ .exporter = exporter, .wiper = wiper };
    Options options{ .region = &region, .guarantee = (kPages + 1) * kPage };
    for (const char *const name : { "carveout", "contiguous" })
        CHECK(find(name)->make(options, tools).error().code == ENOMEM);
    options = { .region = &region, .buffers = 3, .buffer_size = 6 * kPage };
    CHECK(find("reserved")->make(options, tools).error().code == ENOMEM);

    const auto use = region.use();
    CHECK(use.free + use.being_wiped == kPages * kPage);
}
