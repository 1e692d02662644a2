// SPDX-License-Identifier: MIT
#include "tools/dmaheapctl/top.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include <unistd.h>

#include "tools/control/errno_names.h"
#include "tools/dmaheapctl/output.h"
#include "tools/dmaheapctl/table.h"
#include "tools/dmaheapctl/units.h"

namespace dmaheap::ctl {

namespace {

using control::Json;
using enum Table::Side;

constexpr std::size_t kMostRows = 20;

struct Row {
    std::vector<std::string> names; ///< the first cells
    double bytes = 0;
    std::uint64_t buffers = 0;
    double rate = 0; ///< allocations a second
};

/// The entry of an earlier answer about the same thing.
const Json *same_in(const Json &list, const Json &entry)
{
    for (const Json &other : list)
        if (other.value("heap", "") == entry.value("heap", "") &&
            other.value("pid", 0) == entry.value("pid", 0))
            return &other;
    return nullptr;
}

double allocations_of(const Json *entry)
{
    return entry ? entry->value("allocations", 0.0) : 0;
}

Row row_of(const Json &entry, const Json &before, double seconds, std::vector<std::string> names)
{
    // Who was forgotten, and has come again, counts from 0.
    const double more = allocations_of(&entry) - allocations_of(same_in(before, entry));
    return { .names = std::move(names),
             .bytes = entry.value("bytes", 0.0),
             .buffers = entry.value("buffers", std::uint64_t{ 0 }),
             .rate = seconds > 0 ? std::max(more, 0.0) / seconds : 0 };
}

std::string rate_of(double rate)
{
    return human_number(rate) + "/s";
}

/// The largest first; those that have nothing and do nothing are left out.
std::string table_of(std::vector<Table::Column> columns, std::vector<Row> rows, bool with_idle)
{
    std::erase_if(rows,
                  [&](const Row &row) { return !with_idle && row.buffers == 0 && row.rate == 0; });
    std::ranges::stable_sort(rows, [](const Row &left, const Row &right) {
        return left.bytes != right.bytes ? left.bytes > right.bytes : left.rate > right.rate;
    });

    columns.insert(columns.end(),
                   { { "BUFFERS", right }, { "BYTES", right }, { "ALLOCATES", right } });
    Table table(std::move(columns));
    for (std::size_t at = 0; at < std::min(rows.size(), kMostRows); ++at) {
        auto cells = rows[at].names;
        cells.insert(cells.end(), { std::to_string(rows[at].buffers), human_size(rows[at].bytes),
                                    rate_of(rows[at].rate) });
        table.add(std::move(cells));
    }
    const std::size_t more = rows.size() > kMostRows ? rows.size() - kMostRows : 0;
    return table.text() + (more > 0 ? "and " + std::to_string(more) + " more\n" : "");
}

std::unexpected<control::Refusal> unwritten(const Error &error)
{
    return control::refuse(control::name_of_errno(error.code),
                           std::string("standard output: ") + std::strerror(error.code));
}

} // namespace

std::string show_top(const Json &before, const Json &now, double seconds)
{
    const auto list_of = [](const Json &usage, const char *name) {
        return usage.is_object() ? usage.value(name, Json::array()) : Json::array();
    };
    std::vector<Row> heaps;
    for (const Json &heap : list_of(now, "heaps"))
        heaps.push_back(
            row_of(heap, list_of(before, "heaps"), seconds, { harmless(heap.value("heap", "")) }));

    std::vector<Row> processes;
    for (const Json &process : list_of(now, "processes"))
        processes.push_back(
            row_of(process, list_of(before, "processes"), seconds,
                   { std::to_string(process.value("pid", 0)), harmless(process.value("name", "")),
                     harmless(process.value("heap", "")) }));

    return table_of({ { "HEAP", left } }, std::move(heaps), true) + '\n' +
           table_of({ { "PID", right }, { "PROCESS", left }, { "HEAP", left } },
                    std::move(processes), false);
}

control::Answer<void> run_top(control::Client &client, const control::Request &request,
                              double interval, unsigned rounds)
{
    using Clock = std::chrono::steady_clock;
    const std::string begin = ::isatty(STDOUT_FILENO) == 1 ? "\033[H\033[J" : "";
    Json before;
    Clock::time_point asked{};
    for (unsigned round = 0; rounds == 0 || round < rounds; ++round) {
        if (round > 0)
            std::this_thread::sleep_for(std::chrono::duration<double>(interval));

        const auto now = Clock::now();
        auto answer = client.ask(request);
        if (!answer)
            return std::unexpected(answer.error());

        const double seconds = std::chrono::duration<double>(now - asked).count();
        std::string text = begin;
        text += show_top(before, *answer, round > 0 ? seconds : 0);
        text += begin.empty() && round + 1 != rounds ? "\n" : "";
        if (const auto written = write_all(STDOUT_FILENO, text); !written)
            return unwritten(written.error());
        before = *std::move(answer);
        asked = now;
    }
    return {};
}

} // namespace dmaheap::ctl
