// SPDX-License-Identifier: MIT
//
// dmaheap-bench tells what has been measured, and why not if it has not. How fast it was is not
// tested.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/integration/scene.h"
#include "tests/support/catch.h"

using namespace dmaheap::test;
using nlohmann::json;

namespace {

std::string program()
{
    const char *const path = std::getenv("DMAHEAP_BENCH");
    REQUIRE(path);
    return path;
}

Ran bench(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), program());
    return run(std::move(arguments));
}

/// The bench is content; what it says.
json figures_of(const Daemon &daemon, std::vector<std::string> arguments)
{
    arguments.insert(arguments.end(), { "--node", daemon.node(), "--quick", "--json" });
    const Ran ran = bench(std::move(arguments));
    INFO(ran.output);
    REQUIRE(ran.outcome == exited(0));
    return json::parse(ran.output);
}

/// The one line of a bench that ends with this status.
std::string complaint(const std::vector<std::string> &arguments, int status)
{
    const Ran ran = bench(arguments);
    INFO(ran.output);
    CHECK(ran.outcome == exited(status));
    CHECK(ran.output.starts_with("dmaheap-bench: "));
    CHECK(std::ranges::count(ran.output, '\n') == 1);
    return ran.output;
}

} // namespace

TEST_CASE("bench: 4 KiB is compared with what is measured beside it", "[bench]")
{
    Scene scene;
    Balance balance(scene.daemon);

    const json figures =
        figures_of(scene.daemon, { "--only", "floor,sizes", "--sizes", "4K,64K", "--steps", "5" });

    CHECK(figures["node"] == scene.daemon.node());
    CHECK(figures["threads"].empty());
    CHECK(figures["memory"].is_null());
    REQUIRE(figures["sizes"].size() == 2);
    for (const json &size : figures["sizes"]) {
        CHECK(size["failed"].empty());
        CHECK(size["both_us"]["median"] > 0);
        CHECK(size["both_us"]["p99"] >= size["both_us"]["median"]);
    }
    const json &against = figures["against_floor"];
    REQUIRE_FALSE(against.is_null());
    CHECK(against["steps"] == 5);
    const auto figure = [&against](const char *key) { return against[key].get<double>(); };
    const double floor = figure("ioctl_us") + 5 * figure("step_us");
    CHECK(figure("step_us") > 0);
    CHECK(std::abs(figure("floor_us") - floor) < 0.001);
    CHECK(std::abs(figure("ratio") - figure("allocation_us") / floor) < 0.001);
    CHECK(balance.difference() == "");
}

TEST_CASE("bench: threads and memory are measured when they are asked for", "[bench]")
{
    Scene scene;
    Balance balance(scene.daemon);

    const json figures = figures_of(
        scene.daemon, { "--only", "threads,memory", "--threads", "1,4", "--memory-size", "1M" });

    CHECK(figures["floor"].is_null());
    CHECK(figures["against_floor"].is_null());
    REQUIRE(figures["threads"].size() == 2);
    for (const json &threads : figures["threads"]) {
        CHECK(threads["failed"].empty());
        CHECK(threads["per_second"] > 0);
    }
    CHECK(figures["threads"][1]["threads"] == 4);
    CHECK(figures["memory"]["bytes"] == 1 << 20);
    CHECK(figures["memory"]["ratio"]["again"] > 0);
    CHECK(balance.difference() == "");
}

TEST_CASE("bench: a size that is refused is told beside those that are not", "[bench]")
{
    Scene scene({ .heaps = { std::string(kHeap) + "=system,limit=64KiB" } });

    const json figures = figures_of(scene.daemon, { "--only", "sizes", "--sizes", "4K,1M" });

    REQUIRE(figures["sizes"].size() == 2);
    CHECK(figures["sizes"][0]["failed"].empty());
    CHECK(figures["sizes"][1]["failed"]["ENOMEM"] > 0);
    CHECK(figures["sizes"][1]["both_us"].is_null());

    const Ran ran = bench(
        { "--node", scene.daemon.node(), "--quick", "--only", "sizes", "--sizes", "1M", "--json" });
    CHECK(ran.outcome == exited(1));
    CHECK(ran.output.find("succeeded: ENOMEM") != std::string::npos);
}

TEST_CASE("bench: bad input is one line that names it", "[bench]")
{
    CHECK(complaint({ "--node", "/nowhere/node" }, 1).find("/nowhere/node") != std::string::npos);
    for (const std::vector<std::string> &wrong : std::vector<std::vector<std::string>>{
             { "--sizes", "4Q" },
             { "--sizes", "0" },
             { "--sizes", "--json" },
             { "--node", "--quick" },
             { "--only", "nothing" },
             { "--threads", "0" },
             { "--rounds", "0" },
             { "--steps", "-1" },
             { "--seconds", "-1" },
             { "--seconds", "nan" },
             { "--memory-size", "1Z" },
         })
        CHECK(complaint(wrong, 2).find(wrong.front()) != std::string::npos);
}

TEST_CASE("bench: figures that nobody gets are no success", "[bench]")
{
    Scene scene;
    for (const std::string to : { ">&-", ">/dev/full" }) {
        INFO(to);
        const Ran ran = run({ "/bin/sh", "-c", "exec \"$0\" \"$@\" " + to, program(), "--node",
                              scene.daemon.node(), "--quick", "--only", "sizes", "--sizes", "4K" });
        INFO(ran.output);
        CHECK(ran.outcome == exited(1));
        CHECK(ran.output.find("standard output") != std::string::npos);
    }
}
