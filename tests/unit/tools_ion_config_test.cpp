// SPDX-License-Identifier: MIT
#include <string>

#include "tests/support/catch.h"
#include "tests/unit/support/refusal.h"
#include "tools/dmaheapd/config_file.h"
#include "tools/dmaheapd/ion_keys.h"
#include "tools/dmaheapd/ion_tables.h"

using namespace dmaheap;
using namespace dmaheap::config;
using test::Bad;
using test::refusal;

namespace {

std::string refusal_of(const std::string &toml)
{
    return refusal([&] { check_ion(from_toml(toml, "f.toml")); });
}

/// The same, behind a heap in the first line.
std::string refusal_in_ion(const std::string &toml)
{
    return refusal_of("heap.system = {}\n" + toml);
}

} // namespace

TEST_CASE("ion config: there is no node unless the file asks for one", "[tools]")
{
    CHECK(from_toml("[heap.system]", "f.toml").ion.empty());
}

TEST_CASE("ion config: ids name heaps", "[tools]")
{
    const auto config =
        from_toml("[ion]\nheaps = { 0 = \"system\", 31 = \"linux,cma\" }", "f.toml");

    REQUIRE(config.ion.size() == 1);
    const Ion &ion = config.ion[0];
    CHECK(ion.name == "ion");
    CHECK(ion.abi == IonAbi::modern);
    CHECK_FALSE(ion.abi_version);
    CHECK(ion.on_conflict == OnConflict::fail);
    REQUIRE(ion.heaps.size() == 2);
    CHECK(ion.heaps[0].id == 0);
    CHECK(ion.heaps[0].heap == "system");
    CHECK_FALSE(ion.heaps[0].type);
    CHECK(ion.heaps[1].id == 31);
    CHECK(ion.heaps[1].heap == "linux,cma");
}

TEST_CASE("ion config: an alias names its heap", "[tools]")
{
    const auto config = from_toml("[heap.system]\n[heap.cam]\naliases = [\"reserved\"]\n"
                                  "[ion]\nheaps = { 0 = \"system\", 1 = \"reserved\" }",
                                  "f.toml");

    CHECK_NOTHROW(check_ion(config));
    const auto &heaps = config.ion.at(0).heaps;
    CHECK(heap_called(heaps.at(0).heap, config) == &config.heaps[0]);
    CHECK(heap_called(heaps.at(1).heap, config) == &config.heaps[1]);
    CHECK(heap_called("none", config) == nullptr);
    CHECK(refusal_of("[heap.cam]\naliases = [\"reserved\"]\n[ion]\nheaps.0 = \"reservd\"") ==
          "f.toml:4:11: ion.heaps.0: \"reservd\" is no heap (did you mean reserved?); heaps: "
          "cam, reserved");
}

TEST_CASE("ion config: the long form says more, in either way", "[tools]")
{
    const char *const heaps =
        GENERATE(R"([ { id = 4, heap = "linux,cma", type = "dma", name = "ion_cma" } ])",
                 R"({ 4 = { heap = "linux,cma", type = "dma", name = "ion_cma" } })");

    const auto config = from_toml(std::string("[ion]\nheaps = ") + heaps, "f.toml");

    REQUIRE(config.ion.at(0).heaps.size() == 1);
    const IonHeap &heap = config.ion[0].heaps[0];
    CHECK(heap.id == 4);
    CHECK(heap.heap == "linux,cma");
    CHECK(heap.type == "dma");
    CHECK(heap.name == "ion_cma");
}

TEST_CASE("ion config: every setting of a node arrives", "[tools]")
{
    const char *const version = GENERATE("2", "\"2\"");
    const auto config = from_toml(
        std::string("[ion]\nabi = \"modern\"\nmode = \"0666\"\n") +
            "owner = \"0\"\ngroup = \"0\"\non-conflict = \"skip\"\nabi-version = " + version +
            "\nheaps = { 0 = \"system\" }",
        "f.toml");

    const Ion &ion = config.ion.at(0);
    CHECK(ion.abi_version == 2U);
    CHECK(ion.mode == 0666U);
    CHECK(ion.owner == "0");
    CHECK(ion.group == "0");
    CHECK(ion.on_conflict == OnConflict::skip);
}

TEST_CASE("ion config: further nodes have names", "[tools]")
{
    const std::string old = "[ion.old]\nabi = \"legacy\"\nheaps = { 0 = \"system\" }\n";

    const auto alone = from_toml(old, "f.toml");
    REQUIRE(alone.ion.size() == 1);
    CHECK(alone.ion[0].name == "old");
    CHECK(alone.ion[0].abi == IonAbi::legacy);

    const auto both = from_toml("[ion]\nheaps = { 0 = \"system\" }\n" + old, "f.toml");
    REQUIRE(both.ion.size() == 2);
    CHECK(both.ion[0].name == "ion");
    CHECK(both.ion[1].name == "old");
}

TEST_CASE("ion config: what is printed reads back to the same", "[tools]")
{
    const auto config = from_toml("[heap.system]\n[ion]\nabi-version = 2\nmode = \"0600\"\n"
                                  "heaps = { 0 = \"system\", 3 = { heap = \"system\", type = "
                                  "\"carveout\", name = \"a \\\"b\\\"\" } }\n"
                                  "[ion.\"o,ld\"]\nabi = \"legacy\"\non-conflict = \"skip\"\n"
                                  "heaps = { 1 = \"system\" }\n",
                                  "f.toml");

    CHECK(from_toml(to_toml(config), "printed") == config);
}

TEST_CASE("ion config: a refusal names file, line, column and key, and what is right", "[tools]")
{
    const auto [text, refusal] = GENERATE(
        Bad{ "[ion]", "f.toml:2:2: ion.heaps: is missing" },
        Bad{ "ion = 1", "f.toml:2:7: ion: must be a table, [ion], not: integer" },
        Bad{ "[ion]\nheaps = {}", "f.toml:3:9: ion.heaps: names no heap" },
        Bad{ "[ion]\nheaps = \"system\"", "f.toml:3:9: ion.heaps: must be a table or a list" },
        Bad{ "[ion]\nheaps = { 32 = \"system\" }",
             "f.toml:3:11: ion.heaps.32: \"32\" is not an id from 0 to 31" },
        Bad{ "[ion]\nheaps = { 00 = \"system\" }",
             "f.toml:3:11: ion.heaps.00: \"00\" is not an id" },
        Bad{ "[ion]\nheaps = { -1 = \"system\" }",
             "f.toml:3:11: ion.heaps.-1: \"-1\" is not an id" },
        Bad{ "[ion]\nheaps = { x = \"system\" }", "f.toml:3:11: ion.heaps.x: \"x\" is not an id" },
        Bad{ "[ion]\nheaps = { 0 = 1 }", "f.toml:3:15: ion.heaps.0: must be the name of a heap" },
        Bad{ "[ion]\nheaps = { 0 = \"sytem\" }",
             "f.toml:3:15: ion.heaps.0: \"sytem\" is no heap (did you mean system?)" },
        Bad{ "[ion]\nheaps = { 0 = {} }", "f.toml:3:15: ion.heaps.0.heap: is missing" },
        Bad{ "[ion]\nheaps = [ 1 ]", "f.toml:3:11: ion.heaps: must hold tables" },
        Bad{ "[ion]\nheaps = [ { heap = \"system\" } ]", "f.toml:3:11: ion.heaps.id: is missing" },
        Bad{ "[ion]\nheaps = [ { id = \"4\" } ]",
             "f.toml:3:18: ion.heaps.id: must be a number, not: string" },
        Bad{ "[ion]\nheaps = [ { id = 32 } ]", "f.toml:3:18: ion.heaps.id: \"32\" is not an id" },
        Bad{ "[ion]\nheaps = [ { id = 1, heap = \"system\" }, { id = 1, heap = \"system\" } ]",
             "f.toml:3:40: ion.heaps.1: is given twice" },
        Bad{ "[ion]\nheaps = [ { id = 1, heap = \"system\", type = \"cma\" } ]",
             "f.toml:3:45: ion.heaps.type: \"cma\" is none of: system, system-contig, carveout" },
        Bad{ "[ion]\nheaps = [ { id = 1, heap = \"system\", name = \"\" } ]",
             "f.toml:3:45: ion.heaps.name: \"\" is not 1 to 31 bytes long" },
        Bad{ "[ion]\nheaps = { 1 = { heap = \"system\", color = \"x\" } }",
             "f.toml:3:34: ion.heaps.1.color: unknown key; keys here: heap, type, name" },
        Bad{ "[ion]\nabi = \"old\"", "f.toml:3:7: ion.abi: \"old\" is none of: modern, legacy" },
        Bad{ "[ion]\nabi-version = \"x\"", "f.toml:3:15: ion.abi-version: \"x\" is not a number" },
        Bad{ "[ion]\nabi-version = -2", "f.toml:3:15: ion.abi-version: \"-2\" is not a number" },
        Bad{ "[ion]\nabi = \"legacy\"\nabi-version = 2\nheaps = { 0 = \"system\" }",
             "f.toml:2:2: ion.abi-version: only a node with abi = \"modern\"" },
        Bad{ "[ion]\nmode = \"9\"", "f.toml:3:8: ion.mode: \"9\" is not an octal file mode" },
        Bad{ "[ion]\non-conflict = \"replace\"",
             "f.toml:3:15: ion.on-conflict: \"replace\" is none of: fail, skip" },
        Bad{ "[ion.old]\non-conflict = 1", "f.toml:3:15: ion.old.on-conflict: must be a string" },
        Bad{ "[ion]\nheap = \"x\"", "f.toml:3:1: ion.heap: unknown key (did you mean heaps?)" },
        Bad{ "[ion.dma_heap]\nheaps = { 0 = \"system\" }",
             "f.toml:2:6: ion.dma_heap: \"dma_heap\" is the folder of the heaps" },
        Bad{ "[ion.\"a/b\"]\nheaps = { 0 = \"system\" }",
             "f.toml:2:6: ion.\"a/b\": \"a/b\" holds" },
        Bad{ "[ion.old]\nabi = 1", "f.toml:3:7: ion.old.abi: must be a string" },
        Bad{ "[ion]\nheaps = { 0 = \"system\" }\n[ion.ion]\nheaps = { 0 = \"system\" }",
             "f.toml:4:6: ion.ion: is the node of [ion] already" });

    INFO(text);
    CHECK(refusal_in_ion(text).substr(0, std::string_view(refusal).size()) == refusal);
}

TEST_CASE("ion config: every type that can be named has ION's number", "[tools]")
{
    CHECK(ion_heap_type("system") == 0U);
    CHECK(ion_heap_type("system-contig") == 1U);
    CHECK(ion_heap_type("carveout") == 2U);
    CHECK(ion_heap_type("chunk") == 3U);
    CHECK(ion_heap_type("dma") == 4U);
    CHECK(ion_heap_type("custom") == 5U);
    CHECK_FALSE(ion_heap_type("cma"));
}
