// SPDX-License-Identifier: MIT
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/support/refusal.h"
#include "tools/dmaheapd/heap_spec.h"

using namespace dmaheap;
using namespace dmaheap::config;
using test::Bad;
using test::refusal;

namespace {

std::string refusal_of(std::string_view spec)
{
    return refusal([&] { parse_heap_spec(spec); });
}

} // namespace

TEST_CASE("heap spec: a heap can be said in one argument", "[tools]")
{
    const Heap bare = parse_heap_spec("linux,cma");
    const Heap full = parse_heap_spec(
        "linux,cma=system,mode=0640,owner=root,group=video,limit=64MiB,on-conflict=skip");

    CHECK(bare.name == "linux,cma");
    CHECK(bare.policy == "system");
    CHECK_FALSE(bare.mode);
    CHECK(full.name == "linux,cma");
    CHECK(full.policy == "system");
    CHECK(full.mode == 0640);
    CHECK(full.owner == "root");
    CHECK(full.group == "video");
    CHECK(full.limit == Bytes{ 64 } << 20);
    CHECK(full.on_conflict == OnConflict::skip);
    CHECK(parse_heap_spec("a=system").policy == "system");
    CHECK(parse_heap_spec("a=contiguous,aliases=b+c").aliases ==
          std::vector<std::string>{ "b", "c" });
    CHECK(parse_heap_spec("a=reserved,buffers=8,buffer-size=4M").buffer_size == Bytes{ 4 } << 20);
}

TEST_CASE("heap spec: a wrong heap argument is refused with its key", "[tools]")
{
    const std::string form = "; the form is NAME[=POLICY[,KEY=VALUE]...]";
    const auto bad = GENERATE(values<Bad>({
        { "", "--heap: \"\": the name \"\" is empty: a heap needs a name" },
        { "a\nb", "--heap: \"a\\u000Ab\": the name \"a\\u000Ab\" holds control characters or is "
                  "not UTF-8" },
        { "a\xff", "--heap: \"a\xff\": the name \"a\xff\" holds control characters or is not "
                   "UTF-8" },
        { "a=", "--heap: \"a=\": policy: \"\" is none of: carveout, contiguous, reserved, system" },
        { "a=b",
          "--heap: \"a=b\": policy: \"b\" is none of: carveout, contiguous, reserved, system" },
        { "system,mode=0660",
          "--heap: \"system,mode=0660\": the policy comes before the keys, as in "
          "\"system=system,mode=0660\"" },
        { "linux,cma=b", "--heap: \"linux,cma=b\": policy: \"b\" is none of: carveout, contiguous, "
                         "reserved, system" },
        { "a=system,", "--heap: \"a=system,\": \"\" is not KEY=VALUE" },
        { "a=system,mode", "--heap: \"a=system,mode\": \"mode\" is not KEY=VALUE" },
        { "a=system,mode=9", "--heap: \"a=system,mode=9\": mode: \"9\" is not an octal file mode "
                             "from \"0000\" to \"0777\"" },
        { "a=system,owner=nobody-here",
          "--heap: \"a=system,owner=nobody-here\": owner: "
          "\"nobody-here\" is no user of this machine, and no number" },
        { "a=system,mod=1", "--heap: \"a=system,mod=1\": unknown key \"mod\" (did you mean "
                            "mode?), there are: policy, mode, owner, group, limit, limit-per-uid, "
                            "limit-per-process, max-buffer, on-conflict, "
                            "aliases, region, guarantee, alignment, contiguity, buffers, "
                            "buffer-size, overflow, pages, cache" },
        { "a=system,limit=1M,limit=2M",
          "--heap: \"a=system,limit=1M,limit=2M\": limit: is given twice" },
        { "a=system,policy=system", "--heap: \"a=system,policy=system\": policy: is given twice" },
    }));

    CHECK(refusal_of(bad.text) == bad.refusal + form);
}
