// SPDX-License-Identifier: MIT
#include <thread>

#include <nlohmann/json.hpp>
#include <sys/utsname.h>

#include "tools/dmaheap-bench/report.h"

namespace dmaheap::bench {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Summary &summary)
{
    return { { "rounds", summary.rounds },
             { "median", summary.median },
             { "p90", summary.p90 },
             { "p99", summary.p99 } };
}

Json json_of(const WriteTimes &times)
{
    return { { "first_touch_ms", json_of(times.first_touch_ms) },
             { "again_ms", json_of(times.again_ms) } };
}

Json json_of(const AgainstFloor &figure)
{
    return { { "allocation_us", figure.allocation_us },
             { "allocation_mean_us", figure.allocation_mean_us },
             { "ioctl_us", figure.ioctl_us },
             { "step_us", figure.step_us },
             { "steps", figure.steps },
             { "floor_us", figure.floor_us() },
             { "ratio", figure.ratio() } };
}

template <class Figure>
Json json_of(const std::optional<Figure> &figure)
{
    return figure ? json_of(*figure) : Json(nullptr);
}

/// Sets `key` to the figure, or to null and the reason beside it.
template <class Figure>
void set(Json &object, const char *key, const Result<Figure> &figure)
{
    object[key] = figure ? json_of(*figure) : Json(nullptr);
    if (!figure)
        object["not_measured"][key] = text(figure.error());
}

Json json_of(const Floor &floor, std::uint64_t bytes)
{
    Json json{ { "not_measured", Json::object() } };
    set(json, "ioctl_us", floor.ioctl_us);
    set(json, "step_one_cpu_us", floor.step_one_cpu_us);
    set(json, "step_two_cpus_us", floor.step_two_cpus_us);
    json["memfd_bytes"] = bytes;
    set(json, "memfd", floor.memfd);
    return json;
}

Json json_of(const Latency &latency)
{
    Json failed = Json::object();
    for (const auto &[code, count] : latency.failed)
        failed[errno_name(code)] = count;

    return { { "bytes", latency.bytes },
             { "threads", latency.threads },
             { "both_us", json_of(latency.both_us) },
             { "allocate_us", json_of(latency.allocate_us) },
             { "close_us", json_of(latency.close_us) },
             { "failed", failed },
             { "per_second", latency.per_second } };
}

/// A figure that could not be measured is null; the others keep their place.
Json json_of(const std::vector<Result<Latency>> &part)
{
    Json json = Json::array();
    for (const Result<Latency> &latency : part)
        json.push_back(latency ? json_of(*latency) : Json(nullptr));

    return json;
}

Json ratios_of(const MemoryComparison &memory)
{
    const auto &[buffer, memfd] = memory;
    return { { "first_touch", buffer.first_touch_ms.median / memfd.first_touch_ms.median },
             { "again", buffer.again_ms.median / memfd.again_ms.median } };
}

Json json_of(const Result<MemoryComparison> &memory, std::uint64_t bytes)
{
    if (!memory)
        return { { "bytes", bytes },
                 { "buffer", nullptr },
                 { "memfd", nullptr },
                 { "ratio", nullptr },
                 { "not_measured", text(memory.error()) } };

    return { { "bytes", bytes },
             { "buffer", json_of(memory->buffer) },
             { "memfd", json_of(memory->memfd) },
             { "ratio", ratios_of(*memory) },
             { "not_measured", nullptr } };
}

} // namespace

void print_json(std::ostream &out, const Report &report)
{
    utsname system{};
    ::uname(&system);
    const std::uint64_t bytes = report.options.memory_bytes;
    Json json{
        { "node", report.options.node },
        { "kernel", system.release },
        { "machine", system.machine },
        { "cpus", std::thread::hardware_concurrency() },
        { "floor", report.floor ? json_of(*report.floor, bytes) : Json(nullptr) },
        { "sizes", json_of(report.sizes) },
        { "threads", json_of(report.threads) },
        { "memory", report.memory ? json_of(*report.memory, bytes) : Json(nullptr) },
        { "against_floor", nullptr },
    };
    if (report.against_floor)
        set(json, "against_floor", *report.against_floor);
    out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

} // namespace dmaheap::bench
