// SPDX-License-Identifier: MIT
#include <string>
#include <string_view>

#include "tests/support/catch.h"
#include "tests/unit/support/refusal.h"
#include "tools/dmaheapd/config_file.h"

using namespace dmaheap;
using namespace dmaheap::config;
using test::Bad;
using test::refusal;

namespace {

std::string refusal_of(std::string_view toml)
{
    return refusal([&] { from_toml(toml, "f.toml"); });
}

} // namespace

TEST_CASE("region config: a refusal names file, line, column and key, and what is right", "[tools]")
{
    const auto bad = GENERATE(values<Bad>({
        { "[region.cma]\nsise = \"1M\"",
          "f.toml:2:1: region.cma.sise: unknown key (did you mean size?); keys here: size, pages, "
          "hugepages, file" },
        { "[region.cma]\nsize = \"5000\"",
          "f.toml:2:8: region.cma.size: \"5000\" is not a whole number of pages of 4KiB" },
        { "[region.cma]\npages = \"3MiB\"",
          "f.toml:2:9: region.cma.pages: \"3MiB\" is none of: 4KiB, 2MiB, 1GiB (did you mean "
          "2MiB?)" },
        { "[region.\"\"]", "f.toml:1:9: region.\"\": \"\" is empty: a region needs a name" },
        { "region = 3", "f.toml:1:10: region: must be a table, [region.NAME], not: integer" },
        { "[heap.a]\nbuffers = 0",
          "f.toml:2:11: heap.a.buffers: \"0\" is not a number from 1 to 4096" },
        { "[heap.a]\nbuffers = -8",
          "f.toml:2:11: heap.a.buffers: \"-8\" is not a number from 1 to 4096" },
        { "[heap.a]\nbuffers = [8]",
          "f.toml:2:11: heap.a.buffers: must be a string such as \"8\", not: array" },
        { "[heap.a]\nalignment = \"12KiB\"",
          "f.toml:2:13: heap.a.alignment: \"12KiB\" is no power of 2" },
        { "[region.cma]\nfile = \"window\"", "f.toml:2:8: region.cma.file: \"window\" is not an "
                                             "absolute path, such as \"/dev/shm/window\"" },
        { "[region.cma]\nfile = \"/a\\u0000b\"", "f.toml:2:8: region.cma.file: \"/a\\u0000b\" "
                                                 "holds control characters or is not UTF-8" },
    }));

    CHECK(refusal_of(bad.text) == bad.refusal);
}
