// SPDX-License-Identifier: MIT
#include <string>

#include "tests/support/catch.h"
#include "tests/unit/support/refusal.h"
#include "tools/dmaheapd/config_file.h"
#include "tools/dmaheapd/heap_spec.h"
#include "tools/dmaheapd/memory_rules.h"

using namespace dmaheap;
using namespace dmaheap::config;
using test::Bad;
using test::refusal;

namespace {

std::string refusal_of(const Config &config)
{
    return refusal([&] { check_memory(config); });
}

} // namespace

TEST_CASE("memory rules: what does not fit together is refused with file, line and key", "[tools]")
{
    const auto bad = GENERATE(values<Bad>({
        { "[region.r]\n",
          "f.toml:1:9: region.r.size: is missing: a region needs one, such as \"64MiB\"" },
        { "[region.r]\nsize = \"3MiB\"\npages = \"2MiB\"\n",
          "f.toml:2:8: region.r.size: \"3MiB\" is not a whole number of pages of 2MiB" },
        { "[region.r]\nsize = \"4MiB\"\nhugepages = \"reserve\"\n",
          "f.toml:3:13: region.r.hugepages: there are none to reserve for a region of ordinary "
          "pages: give it pages = \"2MiB\"" },
        { "[region.r]\nfile = \"/f\"\npages = \"2MiB\"\n",
          "f.toml:3:9: region.r.pages: means nothing to a region that is a file: it has the file's "
          "own" },
        { "[region.r]\nfile = \"/f\"\nhugepages = \"reserve\"\n",
          "f.toml:3:13: region.r.hugepages: means nothing to a region that is a file" },
        { "[region.r]\nfile = \"/f\"\n[heap.a]\npolicy = \"contiguous\"\nregion = \"r\"\n",
          "f.toml:5:10: heap.a.region: region r is a file, of which only policy carveout makes "
          "buffers, not contiguous" },
        { "[region.r]\nfile = \"/f\"\n[heap.a]\npolicy = \"carveout\"\nregion = \"r\"\ncache = "
          "\"1MiB\"\n",
          "f.toml:6:9: heap.a.cache: means nothing to region r, which is a file" },
        { "[heap.a]\npolicy = \"carveout\"\nregion = \"r\"\n",
          "f.toml:3:10: heap.a.region: there is no region \"r\"; the config has none" },
        { "[region.cma]\nsize = \"4MiB\"\n[heap.a]\npolicy = \"carveout\"\nregion = \"cmb\"\n",
          "f.toml:5:10: heap.a.region: there is no region \"cmb\" (did you mean cma?); there are: "
          "cma" },
        { "[region.r]\nsize = \"4MiB\"\n[heap.a]\nregion = \"r\"\n",
          "f.toml:4:10: heap.a.region: means nothing to policy system, but to: carveout contiguous "
          "reserved" },
        { "[heap.a]\npolicy = \"contiguous\"\npages = \"2MiB\"\n",
          "f.toml:3:9: heap.a.pages: means nothing to policy contiguous, but to: system" },
        { "[heap.a]\npolicy = \"reserved\"\nbuffers = 1\nbuffer-size = \"4KiB\"\n"
          "cache = \"1MiB\"\n",
          "f.toml:5:9: heap.a.cache: means nothing to policy reserved, but to: carveout contiguous "
          "system" },
        { "[region.r]\nsize = \"4MiB\"\n[heap.a]\npolicy = \"contiguous\"\nregion = \"r\"\n",
          "f.toml:5:10: heap.a.region: region r has ordinary pages, which are not physically "
          "contiguous: give it pages = \"2MiB\", or the heap contiguity = \"emulated\" if that "
          "will "
          "do" },
        { "[heap.a]\npolicy = \"reserved\"\nbuffers = 8\n",
          "f.toml:1:7: heap.a.buffer-size: is missing: policy reserved needs a size, such as "
          "\"4MiB\"" },
        { "[heap.a]\npolicy = \"reserved\"\nbuffer-size = \"4MiB\"\n",
          "f.toml:1:7: heap.a.buffers: is missing: policy reserved needs a number, such as 8" },
        { "[heap.a]\npolicy = \"reserved\"\nbuffers = 4096\nbuffer-size = \"4096TiB\"\n",
          "f.toml:4:15: heap.a.buffer-size: 4096 buffers of 4096TiB are more than any machine "
          "has" },
        { "[heap.a]\npolicy = \"reserved\"\nbuffers = 1\nbuffer-size = \"8388608TiB\"\n",
          "f.toml:4:15: heap.a.buffer-size: 1 buffers of 8388608TiB are more than any machine "
          "has" },
        { "[heap.a]\npolicy = \"carveout\"\nguarantee = \"4MiB\"\n",
          "f.toml:3:13: heap.a.guarantee: needs a region that several heaps draw from: give one "
          "with region =" },
        { "[region.r]\nsize = \"4MiB\"\n[heap.a]\npolicy = \"carveout\"\nregion = \"r\"\nguarantee "
          "= "
          "\"5MiB\"\n",
          "f.toml:6:13: heap.a.guarantee: 5MiB is more than region r has left, which is 4MiB of "
          "4MiB" },
        { "[region.r]\nsize = \"4MiB\"\n[heap.a]\npolicy = \"carveout\"\nregion = \"r\"\nguarantee "
          "= "
          "\"3MiB\"\n[heap.b]\npolicy = \"reserved\"\nregion = \"r\"\nbuffers = 2\nbuffer-size = "
          "\"1MiB\"\n",
          "f.toml:10:11: heap.b.buffers: 2MiB is more than region r has left, which is 1MiB of "
          "4MiB" },
        { "[heap.a]\naliases = [\"b\"]\n[heap.b]\n",
          "f.toml:2:11: heap.a.aliases: \"b\" is a heap already" },
        { "[heap.a]\naliases = [\"c\"]\n[heap.b]\naliases = [\"c\"]\n",
          "f.toml:4:11: heap.b.aliases: \"c\" is an alias of heap a already" },
    }));

    CHECK(refusal_of(from_toml(bad.text, "f.toml")) == bad.refusal);
}

TEST_CASE("memory rules: what fits together is accepted", "[tools]")
{
    const char *const board = R"(
[region.cma]
size = "64MiB"
pages = "2MiB"
hugepages = "reserve"
[region.plain]
size = "8MiB"
[heap.system]
pages = "2MiB"
[heap."linux,cma"]
policy = "contiguous"
region = "cma"
guarantee = "32MiB"
aliases = ["reserved", "default_cma_region"]
[heap.camera]
policy = "reserved"
region = "cma"
buffers = 8
buffer-size = "4MiB"
[heap.emulated]
policy = "contiguous"
region = "plain"
contiguity = "emulated"
[heap.own]
policy = "contiguous"
[heap.window]
policy = "carveout"
region = "plain"
[region.file]
file = "/dev/shm/window"
[heap.shared]
policy = "carveout"
region = "file"
guarantee = "1MiB"
)";

    CHECK(refusal_of(from_toml(board, "f.toml")).empty());
}

TEST_CASE("memory rules: a heap of the command line is refused as such", "[tools]")
{
    Config config;
    config.heaps.push_back(parse_heap_spec("a=carveout,region=r"));

    CHECK(refusal_of(config) ==
          "--heap: heap.a.region: there is no region \"r\"; the config has none");
}
