// SPDX-License-Identifier: MIT
#include "tools/dmaheapctl/metrics.h"

#include <array>

namespace dmaheap::ctl {

namespace {

using control::Json;

/// One figure of each heap. Names of counters end in _total where they are given, and only there.
struct Metric {
    const char *key; ///< in the answer
    const char *name;
    const char *type;
    const char *unit; ///< "" when it counts
    const char *help;
};

constexpr std::array kMetrics{
    Metric{ "bytes", "dmaheapd_heap_live_bytes", "gauge", "bytes", "Bytes of the live buffers." },
    Metric{ "buffers", "dmaheapd_heap_live_buffers", "gauge", "", "Live buffers." },
    Metric{ "limit", "dmaheapd_heap_limit_bytes", "gauge", "bytes", "Bytes that may be live." },
    Metric{ "cached", "dmaheapd_heap_cached_bytes", "gauge", "bytes",
            "Bytes of ended buffers that are kept for others." },
    Metric{ "recycled", "dmaheapd_heap_recycled", "counter", "",
            "Buffers that were made of what was kept." },
    Metric{ "allocations", "dmaheapd_heap_allocations", "counter", "",
            "Buffers that were charged since the daemon started." },
    Metric{ "refused", "dmaheapd_heap_refused", "counter", "",
            "Allocations beyond a limit or the heap's memory." },
    Metric{ "faults", "dmaheapd_heap_faults", "counter", "",
            "Allocations that failed because somebody wanted them to." },
};

/// Inside of quotes.
std::string escaped(const std::string &text)
{
    std::string result;
    for (const char letter : text) {
        if (letter == '\\' || letter == '"')
            result += '\\';
        result += letter == '\n' ? std::string("\\n") : std::string(1, letter);
    }
    return result;
}

std::string head_of(const Metric &metric)
{
    const std::string name = metric.name;
    const std::string unit = *metric.unit ? "# UNIT " + name + ' ' + metric.unit + '\n' : "";
    return "# TYPE " + name + ' ' + metric.type + '\n' + unit + "# HELP " + name + ' ' +
           metric.help + '\n';
}

} // namespace

std::string open_metrics(const Json &heaps)
{
    std::string text;
    for (const Metric &metric : kMetrics) {
        const bool counter = std::string_view(metric.type) == "counter";
        text += head_of(metric);
        for (const Json &heap : heaps)
            if (const auto value = heap.find(metric.key); value != heap.end() && value->is_number())
                text += std::string(metric.name) + (counter ? "_total" : "") + "{heap=\"" +
                        escaped(heap.value("name", "")) + "\"} " + value->dump() + '\n';
    }
    return text + "# EOF\n";
}

} // namespace dmaheap::ctl
