// SPDX-License-Identifier: MIT
#include "tools/dmaheapctl/views.h"

#include "tools/dmaheapctl/table.h"
#include "tools/dmaheapctl/units.h"

namespace dmaheap::ctl {

namespace {

using control::Json;
using enum Table::Side;

std::string text_of(const Json &object, const char *name)
{
    return harmless(object.value(name, ""));
}

std::string count_of(const Json &object, const char *name)
{
    return std::to_string(object.value(name, std::uint64_t{ 0 }));
}

/// "1234 camera-app"
std::string process_of(const Json &object)
{
    const std::string name = text_of(object, "name");
    return count_of(object, "pid") + ' ' + (name.empty() ? "(ended)" : name);
}

std::string holders_of(const Json &buffer)
{
    std::string text;
    for (const Json &holder : buffer.value("holders", Json::array())) {
        text += text.empty() ? "" : ", ";
        text += process_of(holder) + " (" + count_of(holder, "descriptors") + " fd, " +
                count_of(holder, "mappings") + " mapped)";
    }
    return text.empty() ? "nobody that can be seen" : text;
}

std::string percent(double part)
{
    constexpr double kWhole = 100;
    return std::to_string(static_cast<int>(part * kWhole)) + "%";
}

/// Of the limit, "-" without one.
std::string share(const Json &account)
{
    const Json limit = account.value("limit", Json());
    const double most = limit.is_number() ? limit.get<double>() : 0;
    return most > 0 ? percent(account.value("bytes", 0.0) / most) : "-";
}

} // namespace

std::string show_status(const Json &status)
{
    return "dmaheapd " + text_of(status, "release") + ", process " + count_of(status, "pid") +
           ": " + count_of(status, "heaps") + " heap(s), frontend " + text_of(status, "frontend") +
           ", buffers by " + text_of(status, "exporter") + '\n';
}

std::string show_heaps(const Json &heaps)
{
    Table table({ { "HEAP", left },
                  { "POLICY", left },
                  { "BUFFERS", right },
                  { "BYTES", right },
                  { "LIMIT", right },
                  { "USED", right },
                  { "CACHED", right },
                  { "ALLOCATED", right },
                  { "REFUSED", right },
                  { "NODE", left } });
    for (const Json &heap : heaps)
        table.add({ text_of(heap, "name"), text_of(heap, "policy"), count_of(heap, "buffers"),
                    size_of(heap.value("bytes", Json())), size_of(heap.value("limit", Json())),
                    share(heap), size_of(heap.value("cached", Json())),
                    count_of(heap, "allocations"), count_of(heap, "refused"),
                    heap.value("node", "").empty() ? "(gone)" : text_of(heap, "node") });
    return table.text();
}

std::string show_buffers(const Json &buffers, double now)
{
    const bool with_holders = !buffers.empty() && buffers.front().contains("holders");
    std::vector<Table::Column> columns{
        { "ID", right },  { "HEAP", left }, { "SIZE", right },
        { "AGE", right }, { "UID", right }, { "ASKED FOR BY", left }
    };
    if (with_holders)
        columns.push_back({ "HELD BY", left });

    Table table(std::move(columns));
    for (const Json &buffer : buffers) {
        std::vector<std::string> row{ count_of(buffer, "id"),
                                      text_of(buffer, "heap"),
                                      size_of(buffer.value("size", Json())),
                                      human_age(now - buffer.value("time", now)),
                                      count_of(buffer, "uid"),
                                      process_of(buffer) };
        if (with_holders)
            row.push_back(holders_of(buffer));
        table.add(std::move(row));
    }
    return table.text();
}

std::string show_limits(const Json &limits)
{
    Table table({ { "HEAP", left },
                  { "BYTES", right },
                  { "LIMIT", right },
                  { "USED", right },
                  { "PER UID", right },
                  { "PER PROCESS", right },
                  { "MAX BUFFER", right },
                  { "REFUSED", right } });
    for (const Json &account : limits) {
        const bool of_all = account.value("heap", Json()).is_null();
        table.add({ of_all ? "(all)" : text_of(account, "heap"),
                    size_of(account.value("bytes", Json())),
                    size_of(account.value("limit", Json())), share(account),
                    size_of(account.value("limit-per-uid", Json())),
                    size_of(account.value("limit-per-process", Json())),
                    size_of(account.value("max-buffer", Json())), count_of(account, "refused") });
    }
    return table.text();
}

std::string show_faults(const Json &faults)
{
    Table table({ { "HEAP", left },
                  { "FAILS WITH", left },
                  { "PROBABILITY", right },
                  { "DELAY", right },
                  { "LEFT", right },
                  { "FAILED", right } });
    for (const Json &fault : faults) {
        const Json code = fault.value("errno", Json());
        const auto delay = fault.value("delay-ms", std::uint64_t{ 0 });
        const bool active = code.is_string() || delay != 0;
        const auto count = fault.value("count", std::uint64_t{ 0 });
        table.add({ text_of(fault, "heap"),
                    code.is_string() ? harmless(code.get<std::string>()) : "-",
                    code.is_string() ? percent(fault.value("probability", 1.0)) : "-",
                    delay == 0 ? "-" : std::to_string(delay) + " ms",
                    !active      ? "-"
                    : count == 0 ? "all"
                                 : std::to_string(count),
                    count_of(fault, "failed") });
    }
    return table.text();
}

} // namespace dmaheap::ctl
