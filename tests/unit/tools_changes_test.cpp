// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tools/dmaheapd/changes.h"

using namespace dmaheap;
using namespace dmaheap::daemon;
using config::Config;
using config::Heap;

namespace {

using Names = std::vector<std::string>;

Heap heap_named(const std::string &name)
{
    Heap heap;
    heap.name = name;
    return heap;
}

Config config_of(std::vector<Heap> heaps)
{
    Config config;
    config.heaps = std::move(heaps);
    return config;
}

Names names_of(const std::vector<Heap> &heaps)
{
    Names names;
    for (const Heap &heap : heaps)
        names.push_back(heap.name);
    return names;
}

} // namespace

TEST_CASE("changes: a config that says the same changes nothing", "[tools]")
{
    const Config config = config_of({ heap_named("a"), heap_named("b") });

    const Changes changes = compare(config, config);

    CHECK(changes.gone.empty());
    CHECK(changes.made.empty());
    CHECK(changes.adjusted.empty());
    CHECK(changes.not_now.empty());
}

TEST_CASE("changes: heaps come and go", "[tools]")
{
    const Changes changes = compare(config_of({ heap_named("a"), heap_named("b") }),
                                    config_of({ heap_named("b"), heap_named("c") }));

    CHECK(changes.gone == Names{ "a" });
    CHECK(names_of(changes.made) == Names{ "c" });
    CHECK(changes.adjusted.empty());
}

TEST_CASE("changes: limits, permissions and aliases leave the heap as it is", "[tools]")
{
    const Config old = config_of({ heap_named("a") });
    for (const auto change :
         { +[](Heap &heap) { heap.limit = 4096; }, +[](Heap &heap) { heap.limit_per_uid = 4096; },
           +[](Heap &heap) { heap.limit_per_process = 4096; },
           +[](Heap &heap) { heap.max_buffer = 4096; }, +[](Heap &heap) { heap.mode = 0666; },
           +[](Heap &heap) { heap.owner = "1"; }, +[](Heap &heap) { heap.group = "1"; },
           +[](Heap &heap) { heap.aliases = { "b" }; } }) {
        Config next = old;
        change(next.heaps[0]);

        const Changes changes = compare(old, next);

        CHECK(changes.gone.empty());
        CHECK(changes.made.empty());
        CHECK(names_of(changes.adjusted) == Names{ "a" });
    }
}

TEST_CASE("changes: with other memory it is another heap of that name", "[tools]")
{
    const Config old = config_of({ heap_named("a") });
    for (const auto change :
         { +[](Heap &heap) { heap.policy = "carveout"; }, +[](Heap &heap) { heap.pages = 4096; },
           +[](Heap &heap) { heap.cache = 4096; }, +[](Heap &heap) { heap.region = "r"; },
           +[](Heap &heap) { heap.guarantee = 4096; } }) {
        Config next = old;
        change(next.heaps[0]);

        const Changes changes = compare(old, next);

        CHECK(changes.gone == Names{ "a" });
        CHECK(names_of(changes.made) == Names{ "a" });
        CHECK(changes.adjusted.empty());
    }
}

TEST_CASE("changes: what is taken up at start is named, and stays", "[tools]")
{
    Config old = config_of({ heap_named("a") });
    old.regions = { { .name = "kept", .size = 4096, .pages = {}, .file = {} } };
    Config next = old;
    next.frontend = config::Frontend::fuse;
    next.exporter = config::Exporter::buffer_file;
    next.dev_root = "/elsewhere";
    next.control = "none";
    next.control_group = "0";
    next.ion.emplace_back();
    next.regions = { { .name = "kept", .size = 8192, .pages = {}, .file = {} },
                     { .name = "new", .size = 4096, .pages = {}, .file = {} } };
    next.log_level = "debug";

    CHECK(compare(old, next).not_now == Names{ "frontend", "exporter", "dev-root", "control",
                                               "control-group", "ion", "a region that is there" });

    const Config served = as_served(old, next);
    CHECK(served.frontend == old.frontend);
    CHECK(served.dev_root == old.dev_root);
    CHECK(served.control == old.control);
    CHECK(served.ion == old.ion);
    CHECK(served.log_level == "debug");
    REQUIRE(served.regions.size() == 2);
    CHECK(served.regions[0].size == Bytes{ 4096 });
    CHECK(served.regions[1].name == "new");
}
