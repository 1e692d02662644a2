// SPDX-License-Identifier: MIT
#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/unit/support/refusal.h"
#include "tools/dmaheapd/config_file.h"
#include "tools/dmaheapd/config_keys.h"
#include "tools/dmaheapd/config_limits.h"
#include "tools/dmaheapd/heap_spec.h"

using namespace dmaheap;
using namespace dmaheap::config;
using test::Bad;
using test::refusal;

namespace {

std::string refusal_of(std::string_view toml)
{
    return refusal([toml] { from_toml(toml, "f.toml"); });
}

std::string project_file(const char *name)
{
    std::ifstream file(std::string(DMAHEAP_SOURCE_ROOT) + '/' + name);
    REQUIRE(file);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// "#key = value" becomes "key = value"; "# prose" stays.
std::string with_examples_on(const std::string &text)
{
    std::istringstream lines(text);
    std::string result;
    for (std::string line; std::getline(lines, line); result += line + '\n')
        if (line.size() > 1 && line[0] == '#' && line[1] != ' ')
            line.erase(0, 1);
    return result;
}

} // namespace

TEST_CASE("config: an empty file is the built-in default without heaps", "[tools]")
{
    CHECK(from_toml("", "f.toml") == Config{});
}

TEST_CASE("config: every key of a file arrives in its member", "[tools]")
{
    const Config config = from_toml(R"(
frontend = "fuse"
exporter = "buffer-file-cached"
delivery = "ptrace"
dev-root = "/srv//guest/./dev/"
log-level = "warning"
control = "/run/x.sock"
control-group = "video"
[limits]
limit = "4GiB"
limit-per-uid = "3GiB"
limit-per-process = "2GiB"
max-buffer = "1GiB"
[heap."linux,cma"]
policy = "system"
mode = "0660"
owner = "daemon"
group = "44"
limit = "1GiB"
limit-per-uid = "512MiB"
limit-per-process = "256MiB"
max-buffer = "128MiB"
on-conflict = "skip"
aliases = ["reserved", "default_cma_region"]
region = "cma"
guarantee = "32MiB"
alignment = "1MiB"
contiguity = "physical"
buffers = 8
buffer-size = "4MiB"
overflow = "region"
pages = "2MiB"
[region.cma]
size = "64MiB"
pages = "1GiB"
hugepages = "reserve"
file = "/dev/shm/window"
)",
                                    "f.toml");

    CHECK(config.frontend == Frontend::fuse);
    CHECK(config.exporter == Exporter::buffer_file_cached);
    CHECK(config.delivery == Delivery::ptrace);
    CHECK(config.dev_root == "/srv/guest/dev");
    CHECK(config.log_level == "warning");
    CHECK(config.control == "/run/x.sock");
    CHECK(config.control_group == "video");
    CHECK(config.limits == Limits{ .limit = Bytes{ 4 } << 30,
                                   .limit_per_uid = Bytes{ 3 } << 30,
                                   .limit_per_process = Bytes{ 2 } << 30,
                                   .max_buffer = Bytes{ 1 } << 30 });
    REQUIRE(config.heaps.size() == 1);
    CHECK(config.heaps[0].name == "linux,cma");
    CHECK(config.heaps[0].policy == "system");
    CHECK(config.heaps[0].mode == 0660);
    CHECK(config.heaps[0].owner == "daemon");
    CHECK(config.heaps[0].group == "44");
    CHECK(config.heaps[0].limit == Bytes{ 1 } << 30);
    CHECK(config.heaps[0].limit_per_uid == Bytes{ 512 } << 20);
    CHECK(config.heaps[0].limit_per_process == Bytes{ 256 } << 20);
    CHECK(config.heaps[0].max_buffer == Bytes{ 128 } << 20);
    CHECK(config.heaps[0].on_conflict == OnConflict::skip);
    CHECK(config.heaps[0].aliases == std::vector<std::string>{ "reserved", "default_cma_region" });
    CHECK(config.heaps[0].region == "cma");
    CHECK(config.heaps[0].guarantee == Bytes{ 32 } << 20);
    CHECK(config.heaps[0].alignment == Bytes{ 1 } << 20);
    CHECK(config.heaps[0].contiguity == Contiguity::physical);
    CHECK(config.heaps[0].buffers == 8U);
    CHECK(config.heaps[0].buffer_size == Bytes{ 4 } << 20);
    CHECK(config.heaps[0].overflow == Overflow::region);
    CHECK(config.heaps[0].pages == Bytes{ 2 } << 20);
    REQUIRE(config.regions.size() == 1);
    CHECK(config.regions[0].name == "cma");
    CHECK(config.regions[0].size == Bytes{ 64 } << 20);
    CHECK(config.regions[0].pages == Bytes{ 1 } << 30);
    CHECK(config.regions[0].huge_pages == HugePages::reserve);
    CHECK(config.regions[0].file == "/dev/shm/window");
}

TEST_CASE("config: heaps come in the order of the file", "[tools]")
{
    const Config config = from_toml("[heap.z]\n[heap.a]\n[heap.m]\n", "f.toml");

    REQUIRE(config.heaps.size() == 3);
    CHECK(config.heaps[0].name == "z");
    CHECK(config.heaps[1].name == "a");
    CHECK(config.heaps[2].name == "m");
}

TEST_CASE("config: a refusal names file, line, column and key, and what is right", "[tools]")
{
    const auto bad = GENERATE(values<Bad>({
        { "frontent = \"auto\"", "f.toml:1:1: frontent: unknown key (did you mean frontend?); keys "
                                 "here: frontend, exporter, delivery, dev-root, log-level, "
                                 "control, control-group, limits, region, heap, ion" },
        { "\n[regions.x]\nsize = \"1M\"",
          "f.toml:2:2: regions: unknown key (did you mean region?); keys here: frontend, exporter, "
          "delivery, dev-root, log-level, control, control-group, limits, region, heap, ion" },
        { "[heap.\"linux,cma\"]\n\nlimits = \"1M\"",
          "f.toml:3:1: heap.\"linux,cma\".limits: unknown key (did you mean limit?); keys here: "
          "policy, mode, owner, group, limit, limit-per-uid, limit-per-process, max-buffer, "
          "on-conflict, aliases, region, guarantee, alignment, "
          "contiguity, buffers, buffer-size, overflow, pages, cache" },
        { "[heap.a]\naliases = [\"b\", 3]", "f.toml:2:17: heap.a.aliases: must be a list of "
                                            "strings such as \"reserved\", not: integer" },
        { "[heap.a]\naliases = [\"b\", \"b\"]",
          "f.toml:2:11: heap.a.aliases: \"b\" is a name of this heap already" },
        { "[heap.a]\naliases = [\"x/y\"]",
          "f.toml:2:11: heap.a.aliases: \"x/y\" holds '/' or '!': a "
          "heap is one file of one folder" },
        { "\n  frontend = 3", "f.toml:2:14: frontend: must be a string such as \"auto\", not: "
                              "integer" },
        { "[heap.a]\nmode = 432", "f.toml:2:8: heap.a.mode: must be a string such as \"0660\", "
                                  "not: integer" },
        { "frontend = \"cus\"",
          "f.toml:1:12: frontend: \"cus\" is none of: auto, cuse, fuse (did you mean cuse?)" },
        { "exporter = \"memfd\"", "f.toml:1:12: exporter: \"memfd\" is none of: auto, udmabuf, "
                                  "buffer-file, buffer-file-cached" },
        { "delivery = \"seccomp\"", "f.toml:1:12: delivery: \"seccomp\" is none of: auto, ptrace" },
        { "log-level = \"warn\"", "f.toml:1:13: log-level: \"warn\" is none of: trace, debug, "
                                  "info, warning, error, off (did you mean warning?)" },
        { "dev-root = \"dev\"",
          "f.toml:1:12: dev-root: \"dev\" is not an absolute path, such as \"/dev\"" },
        { "dev-root = \"/a\\u0000b\"", "f.toml:1:12: dev-root: \"/a\\u0000b\" holds control "
                                       "characters or is not UTF-8" },
        { "[heap.a]\npolicy = \"sistem\"", "f.toml:2:10: heap.a.policy: \"sistem\" is none of: "
                                           "carveout, contiguous, reserved, system "
                                           "(did you mean system?)" },
        { "[heap.a]\nmode = \"0888\"", "f.toml:2:8: heap.a.mode: \"0888\" is not an octal file "
                                       "mode from \"0000\" to \"0777\"" },
        { "[heap.a]\nmode = \"4755\"", "f.toml:2:8: heap.a.mode: \"4755\" is not an octal file "
                                       "mode from \"0000\" to \"0777\"" },
        { "[heap.a]\nmode = \"rw\"", "f.toml:2:8: heap.a.mode: \"rw\" is not an octal file mode "
                                     "from \"0000\" to \"0777\"" },
        { "[heap.a]\nowner = \"\"",
          "f.toml:2:9: heap.a.owner: \"\" is empty: give a name or a number" },
        { "[heap.a]\nowner = \"no-such-user\"", "f.toml:2:9: heap.a.owner: \"no-such-user\" is no "
                                                "user of this machine, and no number" },
        { "[heap.a]\n\ngroup = \"-1\"",
          "f.toml:3:9: heap.a.group: \"-1\" is no group of this machine, and no number" },
        { "[heap.a]\nowner = \"4294967295\"",
          "f.toml:2:9: heap.a.owner: \"4294967295\" is above 4294967294, the largest number of a "
          "user" },
        { "[heap.a]\ngroup = \"99999999999999999999\"",
          "f.toml:2:9: heap.a.group: \"99999999999999999999\" is above 4294967294, the largest "
          "number of a group" },
        { "[heap.a]\nowner = \"12 \"",
          "f.toml:2:9: heap.a.owner: \"12 \" is no user of this machine, and no number" },
        { "[heap.a]\ngroup = \"0x2c\"",
          "f.toml:2:9: heap.a.group: \"0x2c\" is no group of this machine, and no number" },
        { "[heap.a]\nowner = \"4294967294\"", "" },
        { "[heap.a]\nlimit = \"0\"", "f.toml:2:9: heap.a.limit: \"0\" would refuse every "
                                     "allocation: give at least a page" },
        { "[heap.a]\nlimit = \"4095\"", "f.toml:2:9: heap.a.limit: \"4095\" would refuse every "
                                        "allocation: give at least a page" },
        { "[heap.a]\nlimit = \"4096\"", "" },
        { "[heap.a]\nlimit = \"5 cows\"",
          "f.toml:2:9: heap.a.limit: \"5 cows\" is not a size such as \"4096\", \"64KiB\", "
          "\"512MiB\" or \"2GiB\"" },
        { "[heap.a]\nlimit = \"99999999GiB\"", "" },
        { "[heap.a]\nlimit = \"99999999999GiB\"",
          "f.toml:2:9: heap.a.limit: \"99999999999GiB\" does not fit in 64 bits" },
        { "[heap.a]\non-conflict = \"replace\"",
          "f.toml:2:15: heap.a.on-conflict: \"replace\" is none of: fail, skip" },
        { "[heap.a]\nlimit-per-uid = \"0\"",
          "f.toml:2:17: heap.a.limit-per-uid: \"0\" would refuse every allocation: give at least a "
          "page" },
        { "[heap.a]\nmax-buffer = \"-1\"",
          "f.toml:2:14: heap.a.max-buffer: \"-1\" is not a size such as \"4096\", \"64KiB\", "
          "\"512MiB\" or \"2GiB\"" },
        { "[heap.a]\ncache = \"-1\"",
          "f.toml:2:9: heap.a.cache: \"-1\" is not a size such as \"4096\", \"64KiB\", "
          "\"512MiB\" or \"2GiB\"" },
        { "[heap.a]\ncache = \"6000\"",
          "f.toml:2:9: heap.a.cache: \"6000\" is not a whole number of pages of 4KiB" },
        { "[limits]\nlimit-per-process = \"lots\"",
          "f.toml:2:21: limits.limit-per-process: \"lots\" is not a size such as \"4096\", "
          "\"64KiB\", \"512MiB\" or \"2GiB\"" },
        { "[limits]\nlimit-per-user = \"1M\"",
          "f.toml:2:1: limits.limit-per-user: unknown key (did you mean limit-per-uid?); keys "
          "here: limit, limit-per-uid, limit-per-process, max-buffer" },
        { "limits = \"1M\"", "f.toml:1:10: limits: must be a table, [limits], not: string" },
        { "control = \"x.sock\"",
          "f.toml:1:11: control: \"x.sock\" is neither an absolute path nor \"none\"" },
        { "control = \"/run/\"",
          "f.toml:1:11: control: \"/run/\" is a folder: give the path of the socket" },
        { "control-group = \"\"",
          "f.toml:1:17: control-group: \"\" is empty: give a name or a number" },
        { "heap = 3", "f.toml:1:8: heap: must be a table, [heap.NAME], not: integer" },
        { "heap.a = \"x\"", "f.toml:1:10: heap.a: must be a table, [heap.a], not: string" },
        { "[[heap.a]]\n", "f.toml:1:1: heap.a: must be a table, [heap.a], not: array" },
    }));

    CHECK(refusal_of(bad.text) == bad.refusal);
}

TEST_CASE("config: what cannot name a node cannot name a heap", "[tools]")
{
    const std::string longest(55, 'n');
    const auto bad = GENERATE(values<Bad>({
        { "\"\"", "\"\" is empty: a heap needs a name" },
        { "\".\"", "\".\" cannot be the name of a file" },
        { "\"..\"", "\"..\" cannot be the name of a file" },
        { "\"a/b\"", "\"a/b\" holds '/' or '!': a heap is one file of one folder" },
        { "\"a!b\"", "\"a!b\" holds '/' or '!': a heap is one file of one folder" },
        { "\"a\\u0000\"", "\"a\\u0000\" holds control characters or is not UTF-8" },
        { "\"a\\u007F\"", "\"a\\u007F\" holds control characters or is not UTF-8" },
    }));

    CHECK(refusal_of("[heap." + std::string(bad.text) + ']') ==
          "f.toml:1:7: heap." + std::string(bad.text) + ": " + bad.refusal);
    CHECK(refusal_of("[heap." + longest + "]").empty());
    CHECK(refusal_of("[heap." + longest + "n]") ==
          "f.toml:1:7: heap." + longest + "n: \"" + longest + "n\" is longer than 55 bytes");
    CHECK(from_toml("[heap.\"linux,cma größe\"]", "f").heaps[0].name == "linux,cma größe");
}

TEST_CASE("config: a heap or a key that is given twice is refused", "[tools]")
{
    CHECK(refusal_of("[heap.a]\n\n[heap.\"a\"]") == "f.toml:3:1: heap.\"a\": is given twice");
    CHECK_THAT(refusal_of("[heap.a]\nmode = \"0660\"\nmode = \"0600\""),
               Catch::Matchers::StartsWith("f.toml:3:") &&
                   Catch::Matchers::EndsWith(": mode: is given twice"));
}

TEST_CASE("config: text that is not TOML is refused at its place, with a hint at quotes", "[tools]")
{
    const std::string octal = refusal_of("[heap.a]\nmode = 0660\n");
    const std::string word = refusal_of("\nfrontend = fuse");

    CHECK_THAT(octal, Catch::Matchers::StartsWith("f.toml:2:12: mode: ") &&
                          Catch::Matchers::EndsWith("values stand in quotes: mode = \"0660\""));
    CHECK_THAT(word, Catch::Matchers::StartsWith("f.toml:2:") &&
                         Catch::Matchers::EndsWith("values stand in quotes: frontend = \"auto\""));
    CHECK_THAT(refusal_of("\n\n[heap.a\n"), Catch::Matchers::StartsWith("f.toml:3:8: heap.a: "));
    CHECK_FALSE(refusal_of("frontend").empty());
    CHECK_FALSE(refusal_of("\xff = 3").empty());
    CHECK(refusal_of("a\nb").find('\n') == std::string::npos);
}

TEST_CASE("config: the first mistake from the top is the one that is named", "[tools]")
{
    CHECK_THAT(refusal_of("log-level = \"x\"\ndelivery = \"x\"\n"),
               Catch::Matchers::StartsWith("f.toml:1:13: log-level: "));
    CHECK_THAT(refusal_of("[heap.z]\nmode = \"x\"\n[heap.a]\nmode = \"x\"\n"),
               Catch::Matchers::StartsWith("f.toml:2:8: heap.z.mode: "));
}

TEST_CASE("config: a file that cannot be read is refused by name", "[tools]")
{
    CHECK(refusal([] { read_file("/nowhere/x.toml"); }) ==
          "/nowhere/x.toml: cannot be read: No such file or directory");
    CHECK(refusal([] { read_file("/"); }) == "/: cannot be read: Is a directory");
    CHECK(refusal([] { read_file(""); }) == "\"\": cannot be read: No such file or directory");
}

TEST_CASE("config: all the alternatives that a key lists are accepted, and its example", "[tools]")
{
    for (const auto &key : daemon_keys()) {
        Config config;
        CHECK(key.set(config, key.example));
        for (auto rest = key.form; key.form.contains('|') && !rest.empty();) {
            const std::string text(rest.substr(0, rest.find('|')));
            CHECK(key.set(config, text));
            CHECK(key.get(config) == text);
            rest.remove_prefix(std::min(rest.size(), text.size() + 1));
        }
    }
    for (const auto &key : limits_keys()) {
        Limits limits;
        CHECK(key.set(limits, key.example));
        CHECK(key.get(limits) == std::string(key.example));
    }
    for (const auto &key : heap_keys()) {
        Heap heap;
        CHECK(key.set(heap, key.example));
        CHECK(key.get(heap) == std::string(key.example));
    }
    for (const auto &key : region_keys()) {
        Region region;
        CHECK(key.set(region, key.example));
        CHECK(key.get(region) == std::string(key.example));
    }
}

TEST_CASE("config: the installed file is the default, and its examples are right", "[tools]")
{
    const std::string text = project_file("data/dmaheapd.toml");
    Config expected;
    expected.heaps = default_heaps();

    CHECK(from_toml(text, "dmaheapd.toml") == expected);
    const Config examples = from_toml(with_examples_on(text), "dmaheapd.toml");
    CHECK(examples.heaps.size() > 1);
    CHECK(examples.ion.size() == 2);
}

TEST_CASE("config: every key is in the manual and in the installed file", "[tools]")
{
    const std::string manual = project_file("docs/man/dmaheapd.toml.5");
    const std::string command = project_file("docs/man/dmaheapd.8");
    const std::string installed = project_file("data/dmaheapd.toml");

    for (const auto name : names_of(daemon_keys())) {
        CHECK(manual.contains(".It Ic " + std::string(name) + ' '));
        CHECK(command.contains(".It Fl \\-" + std::string(name) + ' '));
        CHECK(installed.contains("\n#" + std::string(name) + " = "));
    }
    for (const auto name : names_of(limits_keys())) {
        CHECK(manual.contains(".It Ic " + std::string(name) + ' '));
        CHECK(installed.contains('#' + std::string(name) + " = "));
    }
    for (const auto name : names_of(region_keys())) {
        CHECK(manual.contains(".It Ic " + std::string(name) + ' '));
        CHECK(installed.contains(std::string(name) + " = "));
    }
    for (const auto name : names_of(heap_keys())) {
        CHECK(manual.contains(".It Ic " + std::string(name) + ' '));
        CHECK(installed.contains(std::string(name) + " = "));
    }
}
