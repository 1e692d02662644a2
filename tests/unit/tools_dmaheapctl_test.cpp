// SPDX-License-Identifier: MIT
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tools/dmaheapctl/metrics.h"
#include "tools/dmaheapctl/options.h"
#include "tools/dmaheapctl/region_map.h"
#include "tools/dmaheapctl/table.h"
#include "tools/dmaheapctl/top.h"
#include "tools/dmaheapctl/units.h"
#include "tools/dmaheapctl/views.h"

using namespace dmaheap;
using namespace dmaheap::ctl;
using control::Json;

namespace {

Options parsed(std::initializer_list<const char *> arguments)
{
    std::vector<const char *> all{ "dmaheapctl" };
    all.insert(all.end(), arguments.begin(), arguments.end());
    return parse(static_cast<int>(all.size()), all.data());
}

bool is_refused(std::initializer_list<const char *> arguments)
{
    try {
        parsed(arguments);
    } catch (const Refused &) {
        return true;
    }
    return false;
}

const Json kRegion{ { "name", "cma" },
                    { "size", 64 << 20 },
                    { "free", 32 << 20 },
                    { "held-back", 16 << 20 },
                    { "largest", 16 << 20 },
                    { "page", 4096 },
                    { "extents",
                      { { { "offset", 32 << 20 }, { "size", 16 << 20 }, { "state", "free" } },
                        { { "offset", 48 << 20 }, { "size", 16 << 20 }, { "state", "held" } } } } };

} // namespace

TEST_CASE("dmaheapctl: what is typed becomes a request", "[tools]")
{
    CHECK(parsed({ "heaps" }).request.command == "heaps");
    CHECK(parsed({ "--control", "/x", "heaps" }).socket == "/x");
    CHECK(parsed({ "heaps", "--control", "/x", "--json" }).socket == "/x");
    CHECK(parsed({ "buffers", "--heap", "a", "--pid", "3", "--holders" }).request.arguments ==
          Json{ { "heap", "a" }, { "pid", 3 }, { "holders", true } });
    CHECK(parsed({ "limits" }).request.command == "limits");
    CHECK(parsed({ "limits", "set", "--heap", "a", "limit=1M", "max-buffer=none" })
              .request.arguments ==
          Json{ { "heap", "a" }, { "limit", 1 << 20 }, { "max-buffer", nullptr } });
    CHECK(parsed({ "faults", "set", "a", "--errno", "EIO", "--count", "2" })
              .request.arguments["errno"] == "EIO");
    CHECK(parsed({ "faults", "set", "a", "--errno", "EIO", "--count", "2" })
              .request.arguments["count"] == 2);
    CHECK_FALSE(
        parsed({ "faults", "set", "a", "--errno", "EIO" }).request.arguments.contains("count"));
    CHECK(parsed({ "faults", "clear", "a" }).request.arguments == Json{ { "heap", "a" } });
    CHECK(parsed({ "top", "-n", "3", "-d", "0.5" }).rounds == 3);
    CHECK(parsed({ "--version" }).text == "dmaheapctl " DMAHEAPD_VERSION "\n");
    CHECK(parsed({ "--help" }).text->contains("buffers"));
    CHECK(parsed({ "buffers", "--help" }).text->contains("dmaheapctl buffers [OPTIONS]"));
    CHECK(parsed({ "limits", "set", "--help" }).text->contains("dmaheapctl limits set [OPTIONS]"));
}

TEST_CASE("dmaheapctl: what cannot be meant is refused", "[tools]")
{
    CHECK(is_refused({}));
    CHECK(is_refused({ "nothing" }));
    CHECK(is_refused({ "heaps", "--colour" }));
    CHECK(is_refused({ "heaps", "extra" }));
    CHECK(is_refused({ "--control=", "heaps" }));
    CHECK(is_refused({ "buffers", "--heap", "--holders" }));
    CHECK(is_refused({ "heaps", "limits", "set", "limit=1M" }));
    CHECK(is_refused({ "limits", "set", "limit=1M", "limit=2M" }));
    CHECK(is_refused({ "top", "-n", "1.5" }));
    CHECK(is_refused({ "top", "-n", "010" }));
    CHECK(is_refused({ "heaps", "--", "--control", "--json" }));
    CHECK(is_refused({ "buffers", "--pid", "many" }));
    CHECK(is_refused({ "limits", "set" }));
    CHECK(is_refused({ "limits", "set", "limit" }));
    CHECK(is_refused({ "limits", "set", "limit=0" }));
    CHECK(is_refused({ "limits", "set", "colour=1M" }));
    CHECK(is_refused({ "faults", "set", "a" }));
    CHECK(is_refused({ "faults", "set", "a", "--errno", "EWHAT" }));
    CHECK(is_refused({ "faults", "set", "a", "--errno", "EIO", "--probability", "1.5" }));
    CHECK(is_refused({ "faults", "set", "a", "--errno", "EIO", "--probability", "nan" }));
    CHECK(is_refused({ "faults", "set", "a", "--errno", "EIO", "--probability", "inf" }));
    CHECK(is_refused({ "faults", "set", "a", "--errno", "EIO", "--count", "0" }));
    CHECK(is_refused({ "faults", "set", "a", "--delay", "10001" }));
    CHECK(is_refused({ "top", "-d", "0" }));
    CHECK(is_refused({ "top", "--json" }));
}

TEST_CASE("dmaheapctl: columns are as wide as their widest cell", "[tools]")
{
    Table table({ { "NAME", Table::Side::left }, { "BYTES", Table::Side::right } });
    table.add({ "größe", "7" });
    table.add({ "a", "123456" });

    CHECK(table.text() == "NAME    BYTES\n"
                          "größe       7\n"
                          "a      123456\n");
}

TEST_CASE("dmaheapctl: sizes and ages are short", "[tools]")
{
    CHECK(human_size(0) == "0");
    CHECK(human_size(1023) == "1023");
    CHECK(human_size(4096) == "4 KiB");
    CHECK(human_size(1536.0 * 1024) == "1.5 MiB");
    CHECK(human_size(123.4 * 1024 * 1024) == "123 MiB");
    CHECK(human_age(3.9) == "3 s");
    CHECK(human_age(600) == "10 min");
    CHECK(human_age(86400 * 3) == "3 d");
    CHECK(size_of(nullptr) == "-");
    CHECK(harmless("a\033[2Jb\n") == "a?[2Jb?");
}

TEST_CASE("dmaheapctl: metrics are OpenMetrics text", "[tools]")
{
    const Json heaps{ { { "name", "a\"\\\nb" },
                        { "bytes", 4096 },
                        { "buffers", 1 },
                        { "limit", nullptr },
                        { "allocations", 7 },
                        { "cached", 8192 },
                        { "recycled", 5 },
                        { "refused", 0 },
                        { "faults", 0 } } };

    const std::string text = open_metrics(heaps);

    CHECK(text.contains("# TYPE dmaheapd_heap_live_bytes gauge\n"
                        "# UNIT dmaheapd_heap_live_bytes bytes\n"
                        "# HELP dmaheapd_heap_live_bytes Bytes of the live buffers.\n"
                        "dmaheapd_heap_live_bytes{heap=\"a\\\"\\\\\\nb\"} 4096\n"));
    CHECK(text.contains("# TYPE dmaheapd_heap_allocations counter\n"));
    CHECK(text.contains("dmaheapd_heap_allocations_total{heap=\"a\\\"\\\\\\nb\"} 7\n"));
    CHECK(text.contains("dmaheapd_heap_cached_bytes{heap=\"a\\\"\\\\\\nb\"} 8192\n"));
    CHECK(text.contains("dmaheapd_heap_recycled_total{heap=\"a\\\"\\\\\\nb\"} 5\n"));
    CHECK_FALSE(text.contains("limit_bytes{"));
    CHECK(text.ends_with("# EOF\n"));
}

TEST_CASE("dmaheapctl: a region is a line of blocks, and a bar of a picture", "[tools]")
{
    std::string map;
    for (int at = 0; at < 32; ++at)
        map += "█";
    for (int at = 0; at < 16; ++at)
        map += "░";
    for (int at = 0; at < 16; ++at)
        map += "·";

    CHECK(show_regions(Json::array({ kRegion })).contains(map + "\n"));
    CHECK(show_regions(Json::array()).contains("no regions"));
    const std::string svg = svg_of_regions(Json::array({ kRegion }));
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(svg.contains("cma, 64 MiB, free 32 MiB"));
}

TEST_CASE("dmaheapctl: top has the largest first, and rates of what was there before", "[tools]")
{
    const auto usage = [](int allocations) {
        Json answer{ { "heaps", Json::array() }, { "processes", Json::array() } };
        answer["heaps"].push_back(Json::object(
            { { "heap", "a" }, { "bytes", 10 }, { "buffers", 1 }, { "allocations", 5 } }));
        for (const int pid : { 7, 8, 9 })
            answer["processes"].push_back(Json::object({ { "heap", "a" },
                                                         { "pid", pid },
                                                         { "name", "p" + std::to_string(pid) },
                                                         { "bytes", 100 * (pid - 7) },
                                                         { "buffers", pid - 7 },
                                                         { "allocations", allocations } }));
        return answer;
    };
    const std::string text = show_top(usage(10), usage(10), 2);
    CHECK(text.find("p9") < text.find("p8"));
    CHECK_FALSE(text.contains("p7")); // has nothing and does nothing

    CHECK(show_top(usage(10), usage(30), 2).contains("10/s"));
    CHECK(show_top(Json(), usage(30), 0).contains("0/s"));
    CHECK(show_top(usage(0), usage(3950), 2).contains("1975/s"));
    CHECK(show_top(usage(0), usage(4'000'000), 2).contains("2000000/s"));
    CHECK(show_top(usage(0), usage(3), 2).contains("1.5/s"));
}

TEST_CASE("dmaheapctl: views show what there is, and that there is nothing", "[tools]")
{
    const Json buffer{
        { "id", 3 },  { "heap", "a" }, { "size", 4096 }, { "time", 100 },
        { "pid", 5 }, { "uid", 0 },    { "name", "" },   { "holders", Json::array() }
    };

    const std::string text = show_buffers(Json::array({ buffer }), 103);

    CHECK(text.contains("4 KiB"));
    CHECK(text.contains("3 s"));
    CHECK(text.contains("5 (ended)"));
    CHECK(text.contains("nobody that can be seen"));
    CHECK(show_buffers(Json::array(), 0).starts_with("ID"));
    CHECK(show_heaps(Json::array()).starts_with("HEAP"));
    CHECK(show_faults(Json::array()).starts_with("HEAP"));
    CHECK(show_limits(Json::array({ Json::object({ { "heap", nullptr } }) })).contains("(all)"));
}
