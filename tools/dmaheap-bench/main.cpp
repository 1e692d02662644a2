// SPDX-License-Identifier: MIT
//
// # dmaheap-bench(1): measure a dma-heap node
//
// **dmaheap-bench** [**--node** PATH] [**--only** PART,...] [**--memory**] [**--sizes** SIZE,...]
// [**--threads** N,...] [**--steps** N] [**--memory-size** SIZE] [**--rounds** N]
// [**--seconds** S] [**--quick**] [**--json**]
//
// Measures, as an ordinary client, what an allocation from a heap costs, and in the same run what
// it would cost at least on this machine. It takes dmaheapd's nodes and the kernel's own alike.
//
// ## Parts
// - **floor**: an ioctl that the node refuses at once, which is one round trip to its server; a
//   ptrace single step over a system call, with its register writes and reads and its wait, tracer
//   and tracee pinned to one CPU, and to two; writing a plain memfd.
// - **sizes**: allocating and closing one buffer after another, for each of **--sizes**
//   (4K,64K,1M,16M,64M), by one thread.
// - **threads**: the same with 4 KiB, by each number of **--threads** (1,2,4,8,16) at once, which
//   share one open node; and the allocations a second of all of them together.
// - **memory**: writing every byte of the mapping of a buffer and of a memfd by turns, the first
//   time and again, and the ratio of the medians: 1.00 is memory as fast as memory.
//
// In the end, if floor and sizes (or threads) were measured, 4 KiB by one thread, closing included,
// is divided by bare ioctl + **--steps** (6) x single step on one CPU. These three are measured
// once more for that, in stretches of 100 rounds by turns, so that what else the machine does meets
// all of them; the steps on the CPU on which the allocations have ended.
//
// ## Options
// - **--only** measures these parts only; **--memory** adds memory to them.
// - **--rounds** (2000) and **--seconds** (2) bound each figure, whichever comes first; the memory
//   part takes at most 20 rounds and four times the seconds. A tenth as much runs before, as a
//   warm-up that is not recorded. The column "rounds" tells how many were.
// - **--quick** is 100 rounds, 0.1 seconds and **--memory-size** 8M, where these are not given.
// - Sizes are bytes, or K, M, G (also KiB, MiB, GiB) of 1024.
//
// ## Exit status
// 0; 1 if the node could not be opened, if no allocation at all succeeded, or if the figures could
// not be written; 2 for a wrong option. What cannot be measured (ptrace or pinning forbidden, one
// CPU only) is no failure: its line says why, and the rest goes on.
//
// ## JSON
// A part that was not asked for is null or an empty list. A *summary* is {rounds, median, p90, p99}
// in the unit that ends its key's name.
// - node, kernel, machine, cpus
// - floor: {not_measured: {KEY: reason}, ioctl_us, step_one_cpu_us, step_two_cpus_us: summaries or
//   null, memfd_bytes, memfd: {first_touch_ms, again_ms: summaries} or null}
// - sizes, threads: lists of {bytes, threads, both_us, allocate_us, close_us: summaries, or null if
//   none succeeded, failed: {errno name: how often}, per_second}, or null where threads could not
//   be started
// - memory: {bytes, buffer, memfd: {first_touch_ms, again_ms: summaries} or null,
//   ratio: {first_touch, again} or null, not_measured: reason or null}
// - against_floor: {allocation_us, allocation_mean_us, ioctl_us, step_us, steps, floor_us, ratio}
//   or null, and then not_measured: {against_floor: reason} if it was asked for

#include <exception>
#include <iostream>
#include <string>

#include <fcntl.h>

#include "tools/dmaheap-bench/allocate.h"
#include "tools/dmaheap-bench/by_turns.h"
#include "tools/dmaheap-bench/floor.h"
#include "tools/dmaheap-bench/options.h"
#include "tools/dmaheap-bench/report.h"

namespace dmaheap::bench {
namespace {

constexpr int kCouldNotRun = 1;

std::string advice(const std::string &node, int code)
{
    switch (code) {
    case ENOENT:
        return "no " + node + ": start dmaheapd, or give --node PATH";
    case EACCES:
    case EPERM:
        return "may not open " + node + ": run as its owner or in its group, or give --node PATH";
    default:
        return "cannot open " + node + " (" + errno_name(code) +
               "): is dmaheapd running? give --node PATH for another";
    }
}

Floor measure_floor(const Descriptor &node, const Options &options)
{
    return { .ioctl_us = measure_bare_ioctl(node, options.latency),
             .step_one_cpu_us = measure_single_step(Placement::one_cpu, options.latency),
             .step_two_cpus_us = measure_single_step(Placement::two_cpus, options.latency),
             .memfd = measure_memfd(options.memory_bytes, options.memory) };
}

void measure(const Descriptor &node, Part part, Report &report)
{
    constexpr std::uint64_t kPage = 4096;
    const Options &options = report.options;
    switch (part) {
    case Part::floor:
        report.floor = measure_floor(node, options);
        break;
    case Part::sizes:
        for (const std::uint64_t bytes : options.sizes)
            report.sizes.push_back(measure_latency(node, bytes, 1, options.latency));
        break;
    case Part::threads:
        for (const unsigned threads : options.threads)
            report.threads.push_back(measure_latency(node, kPage, threads, options.latency));
        break;
    case Part::memory:
        report.memory = compare_memory(node, options.memory_bytes, options.memory);
        break;
    }
}

void measure_and_print(const Descriptor &node, Report &report)
{
    const bool tables = !report.options.json;
    if (tables)
        print_heading(std::cout, report);
    for (const Part part : report.options.parts) {
        measure(node, part, report);
        if (tables)
            print_part(std::cout, report, part);
    }
    if (report.floor && !(report.sizes.empty() && report.threads.empty()))
        report.against_floor =
            compare_with_floor(node, report.options.steps, report.options.latency);

    if (tables)
        print_against_floor(std::cout, report);
    else
        print_json(std::cout, report);
}

int run(const Options &options)
{
    const auto number = check("open", ::open(options.node.c_str(), O_RDWR | O_CLOEXEC));
    if (!number) {
        std::cerr << "dmaheap-bench: " << advice(options.node, number.error().code) << '\n';
        return kCouldNotRun;
    }

    const Descriptor node(*number);
    Report report{ .options = options,
                   .floor = {},
                   .sizes = {},
                   .threads = {},
                   .memory = {},
                   .against_floor = {} };
    measure_and_print(node, report);
    if (!std::cout.flush()) {
        std::cerr << "dmaheap-bench: the figures could not be written to standard output\n";
        return kCouldNotRun;
    }
    if (const auto error = nothing_allocated(report)) {
        std::cerr << "dmaheap-bench: no allocation from " << options.node
                  << " succeeded: " << text(*error) << '\n';
        return kCouldNotRun;
    }
    return 0;
}

} // namespace
} // namespace dmaheap::bench

int main(int argc, char **argv)
{
    using namespace dmaheap::bench;
    try {
        const auto options = parse_options(argc, argv);
        return options ? run(*options) : options.error();
    } catch (const std::exception &failure) {
        std::cerr << "dmaheap-bench: " << failure.what() << '\n';
        return kCouldNotRun;
    }
}
