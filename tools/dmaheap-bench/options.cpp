// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/options.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "tools/dmaheap-bench/sizes.h"
#include "tools/missing_value.h"

namespace dmaheap::bench {
namespace {

using Texts = std::vector<std::string>;

const std::map<std::string, Part> kParts{ { "floor", Part::floor },
                                          { "sizes", Part::sizes },
                                          { "threads", Part::threads },
                                          { "memory", Part::memory } };

/// As typed; --quick changes the defaults only.
struct Typed {
    std::string node = "/dev/dma_heap/system";
    Texts only{ "floor", "sizes", "threads", "memory" };
    Texts sizes{ "4K", "64K", "1M", "16M", "64M" };
    std::vector<unsigned> threads{ 1, 2, 4, 8, 16 };
    unsigned steps = 6;
    std::string memory_size = "64M";
    std::size_t rounds = 2000;
    double seconds = 2;
    bool memory = false, quick = false, json = false;
};

void declare(CLI::App &app, Typed &typed)
{
    app.add_option("--node", typed.node, "The heap to measure")->capture_default_str();
    app.add_option("--only", typed.only, "Parts to measure: floor,sizes,threads,memory")
        ->delimiter(',')
        ->check(CLI::IsMember(kParts));
    app.add_flag("--memory", typed.memory, "The memory part too, whatever --only says");
    app.add_option("--sizes", typed.sizes, "Buffer sizes, such as 4K,1M")
        ->delimiter(',')
        ->capture_default_str();
    app.add_option("--threads", typed.threads, "Numbers of threads that allocate 4 KiB each")
        ->delimiter(',')
        ->check(CLI::Range(1U, 256U))
        ->capture_default_str();
    app.add_option("--steps", typed.steps, "Single steps in the floor of an allocation")
        ->check(CLI::Range(0U, 1000U))
        ->capture_default_str();
    app.add_option("--memory-size", typed.memory_size, "Bytes to write in the memory part")
        ->capture_default_str();
    app.add_option("--rounds", typed.rounds, "At most so many rounds for each figure")
        ->check(CLI::Range(std::size_t{ 1 }, std::size_t{ 1000000 }))
        ->capture_default_str();
    app.add_option("--seconds", typed.seconds, "At most so long for each figure")
        ->check(CLI::Range(0.01, 3600.0))
        ->check([](const std::string &given) { // which CLI::Range takes for one
            return std::isnan(std::stod(given)) ? given + " is no number of seconds" : "";
        })
        ->capture_default_str();
    app.add_flag("--quick", typed.quick, "A look of a few seconds: few rounds, little memory");
    app.add_flag("--json", typed.json, "Print JSON for programs");
    app.set_version_flag("--version", "dmaheap-bench " DMAHEAPD_VERSION, "Print the version");
}

void make_quick(const CLI::App &app, Typed &typed)
{
    if (app.count("--rounds") == 0)
        typed.rounds = 100;
    if (app.count("--seconds") == 0)
        typed.seconds = 0.1;
    if (app.count("--memory-size") == 0)
        typed.memory_size = "8M";
}

std::uint64_t size_of(const char *option, const std::string &text)
{
    if (const auto bytes = parse_size(text))
        return *bytes;

    throw CLI::ValidationError(option, "\"" + text + "\" is not a size such as 4096, 4K or 1M");
}

/// A round of writes is some hundred milliseconds; so few of them, but for longer.
Limit memory_limit(const Typed &typed)
{
    constexpr std::size_t kMostRounds = 20;
    return { .rounds = std::min(typed.rounds, kMostRounds), .time = Seconds(typed.seconds * 4) };
}

Options options_of(const Typed &typed)
{
    Options options{ .node = typed.node,
                     .parts = {},
                     .sizes = {},
                     .threads = typed.threads,
                     .steps = typed.steps,
                     .memory_bytes = size_of("--memory-size", typed.memory_size),
                     .latency = { .rounds = typed.rounds, .time = Seconds(typed.seconds) },
                     .memory = memory_limit(typed),
                     .json = typed.json };
    for (const std::string &part : typed.only)
        options.parts.insert(kParts.at(part));
    if (typed.memory)
        options.parts.insert(Part::memory);
    for (const std::string &size : typed.sizes)
        options.sizes.push_back(size_of("--sizes", size));

    return options;
}

} // namespace

std::expected<Options, int> parse_options(int argc, char **argv)
{
    constexpr int kUsage = 2;
    CLI::App app("Measures a dma-heap node: what an allocation costs, what it would cost at least "
                 "on this machine, and how fast its memory is.",
                 "dmaheap-bench");
    Typed typed;
    declare(app, typed);

    try {
        require_values(app, { argv, static_cast<std::size_t>(argc) });
        app.parse(argc, argv);
        if (typed.quick)
            make_quick(app, typed);
        return options_of(typed);
    } catch (const CLI::Success &asked) {
        return std::unexpected(app.exit(asked));
    } catch (const CLI::ParseError &wrong) {
        std::cerr << "dmaheap-bench: " << wrong.what() << '\n';
        return std::unexpected(kUsage);
    }
}

} // namespace dmaheap::bench
