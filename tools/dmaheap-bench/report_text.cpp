// SPDX-License-Identifier: MIT
#include <string>
#include <thread>

#include <sys/utsname.h>

#include "tools/dmaheap-bench/report.h"
#include "tools/dmaheap-bench/sizes.h"
#include "tools/dmaheap-bench/table.h"

namespace dmaheap::bench {
namespace {

std::string not_measured(const Error &error)
{
    return "not measured: " + text(error);
}

Row row_of(const std::string &name, const Summary &us)
{
    return { name, std::to_string(us.rounds), fixed(us.median, 2), fixed(us.p90, 2),
             fixed(us.p99, 2) };
}

void add(Table &table, const std::string &name, const Result<Summary> &us)
{
    table.add(us ? row_of(name, *us) : Row{ name, not_measured(us.error()) });
}

std::string gib_per_second(std::uint64_t bytes, double ms)
{
    constexpr double kGib = 1 << 30;
    return fixed(static_cast<double>(bytes) / kGib / (ms / 1000), 2);
}

Row write_row(const std::string &name, std::uint64_t bytes, const Summary &ms)
{
    return { name, std::to_string(ms.rounds), fixed(ms.median, 2),
             gib_per_second(bytes, ms.median) };
}

void print_memfd(std::ostream &out, std::uint64_t bytes, const Result<WriteTimes> &memfd)
{
    Table table({ "plain memfd, " + size_text(bytes), "rounds", "median ms", "GiB/s" });
    if (memfd) {
        table.add(write_row("first touch", bytes, memfd->first_touch_ms));
        table.add(write_row("written again", bytes, memfd->again_ms));
    } else {
        table.add({ "writing", not_measured(memfd.error()) });
    }
    out << table << '\n';
}

void print_floor(std::ostream &out, const Report &report)
{
    const Floor &floor = *report.floor;
    Table table({ "floor", "rounds", "median us", "p90 us", "p99 us" });
    add(table, "bare ioctl, refused", floor.ioctl_us);
    add(table, "ptrace step, on one CPU", floor.step_one_cpu_us);
    add(table, "ptrace step, on two CPUs", floor.step_two_cpus_us);
    out << table << '\n';
    print_memfd(out, report.options.memory_bytes, floor.memfd);
}

std::string failures(const Latency &latency)
{
    std::string listed;
    for (const auto &[code, count] : latency.failed)
        listed += (listed.empty() ? "" : ", ") + std::to_string(count) + ' ' + errno_name(code);

    return listed.empty() ? "0" : listed;
}

/// The cells that a size and a number of threads have in common.
Row latency_row(const std::string &name, const Latency &latency)
{
    if (!latency.both_us)
        return { name, "0", failures(latency), "-", "-", "-", "-" };

    const Summary &both = *latency.both_us;
    return { name,
             std::to_string(both.rounds),
             failures(latency),
             fixed(both.median, 1),
             fixed(both.p90, 1),
             fixed(both.p99, 1),
             fixed(latency.close_us->median, 1) };
}

void print_sizes(std::ostream &out, const Report &report)
{
    Table table(
        { "allocate and close", "rounds", "failed", "median us", "p90 us", "p99 us", "close us" });
    for (std::size_t i = 0; i < report.sizes.size(); ++i) {
        const std::string name = size_text(report.options.sizes[i]);
        const Result<Latency> &latency = report.sizes[i];
        table.add(latency ? latency_row(name, *latency)
                          : Row{ name, not_measured(latency.error()) });
    }
    out << table << '\n';
}

void print_threads(std::ostream &out, const Report &report)
{
    Table table({ "4 KiB, by threads", "rounds", "failed", "median us", "p90 us", "p99 us",
                  "close us", "allocations/s" });
    for (std::size_t i = 0; i < report.threads.size(); ++i) {
        const std::string name = std::to_string(report.options.threads[i]);
        const Result<Latency> &latency = report.threads[i];
        Row row{ name, latency ? "" : not_measured(latency.error()) };
        if (latency) {
            row = latency_row(name, *latency);
            row.push_back(fixed(latency->per_second, 0));
        }
        table.add(std::move(row));
    }
    out << table << '\n';
}

Row comparison_row(const std::string &name, const Summary &buffer, const Summary &memfd)
{
    return { name, std::to_string(buffer.rounds), fixed(buffer.median, 2), fixed(memfd.median, 2),
             fixed(buffer.median / memfd.median, 3) };
}

void print_memory(std::ostream &out, const Report &report)
{
    Table table({ "written by turns, " + size_text(report.options.memory_bytes), "rounds",
                  "buffer ms", "memfd ms", "buffer/memfd" });
    if (const Result<MemoryComparison> &memory = *report.memory) {
        const auto &[buffer, memfd] = *memory;
        table.add(comparison_row("first touch", buffer.first_touch_ms, memfd.first_touch_ms));
        table.add(comparison_row("written again", buffer.again_ms, memfd.again_ms));
    } else {
        table.add({ "writing", not_measured(memory.error()) });
    }
    out << table << '\n';
}

} // namespace

void print_heading(std::ostream &out, const Report &report)
{
    utsname system{};
    ::uname(&system);
    out << report.options.node << ", Linux " << system.release << ' ' << system.machine << ", "
        << std::thread::hardware_concurrency() << " CPUs\n\n"
        << std::flush;
}

void print_part(std::ostream &out, const Report &report, Part part)
{
    switch (part) {
    case Part::floor:
        print_floor(out, report);
        break;
    case Part::sizes:
        print_sizes(out, report);
        break;
    case Part::threads:
        print_threads(out, report);
        break;
    case Part::memory:
        print_memory(out, report);
        break;
    }
    out << std::flush;
}

void print_against_floor(std::ostream &out, const Report &report)
{
    if (!report.against_floor)
        return;
    const Result<AgainstFloor> &figure = *report.against_floor;
    if (!figure) {
        out << "4 KiB against its floor: not measured: " << text(figure.error()) << '\n';
        return;
    }

    out << "4 KiB against its floor: " << fixed(figure->allocation_us, 1) << " us / ("
        << fixed(figure->ioctl_us, 2) << " us + " << figure->steps << " x "
        << fixed(figure->step_us, 2) << " us = " << fixed(figure->floor_us(), 1)
        << " us) = " << fixed(figure->ratio(), 2) << '\n'
        << "Medians; the mean of the allocations, with what the server does now and then, is "
        << fixed(figure->allocation_mean_us, 1)
        << " us.\n"
           "The floor is one round trip to the server and "
        << figure->steps
        << " single steps in the caller (--steps), the least that\n"
           "such a server can cost; 1 would be a server that does nothing else. Above 1 is its own "
           "work.\n"
           "Below 1 the node does without them, as the kernel's own heaps do.\n";
}

} // namespace dmaheap::bench
