// SPDX-License-Identifier: MIT
#include "tools/control/shown.h"

#include "tools/control/errno_names.h"

namespace dmaheap::control {

namespace {

Json or_null(const std::optional<Bytes> &limit)
{
    return limit ? Json(*limit) : Json(nullptr);
}

} // namespace

Json shown(const Ledger::Use &use)
{
    return { { "bytes", use.bytes },
             { "buffers", use.buffers },
             { "allocations", use.allocations } };
}

Json shown(const Limits &limits)
{
    return { { "limit", or_null(limits.total) },
             { "limit-per-uid", or_null(limits.per_user) },
             { "limit-per-process", or_null(limits.per_process) },
             { "max-buffer", or_null(limits.buffer) } };
}

Json shown(const Ledger::Entry &entry)
{
    using Seconds = std::chrono::duration<double>;
    return { { "id", entry.id },
             { "heap", entry.heap },
             { "size", entry.size },
             { "time", Seconds(entry.time.time_since_epoch()).count() },
             { "pid", entry.owner.process },
             { "uid", entry.owner.user },
             { "name", name_of_process(entry.owner.process) },
             { "device", entry.file.device },
             { "inode", entry.file.inode } };
}

Json shown(const Faults::Plan &plan)
{
    return { { "errno", plan.code == 0 ? Json(nullptr) : Json(name_of_errno(plan.code)) },
             { "count", plan.count },
             { "probability", plan.probability },
             { "delay-ms", plan.delay.count() } };
}

Json shown(const Region &region)
{
    const Region::Use use = region.use();
    Json extents = Json::array();
    for (const Region::Unused &piece : region.unused())
        extents.push_back(Json::object({ { "offset", piece.range.offset },
                                         { "size", piece.range.size },
                                         { "state", piece.held_back ? "held" : "free" } }));
    return { { "name", region.name() },
             { "size", region.reservoir().size() },
             { "page", region.reservoir().page() },
             { "contiguous", region.reservoir().contiguous() },
             { "free", use.free },
             { "held-back", use.held_back },
             { "largest", use.largest },
             { "being-wiped", use.being_wiped },
             { "lost", use.lost },
             { "fragmentation", use.fragmentation },
             { "extents", std::move(extents) } };
}

Json shown(const Holders &holders, const Inode &file)
{
    Json list = Json::array();
    const auto found = holders.find(file);
    if (found == holders.end())
        return list;

    for (const Holder &holder : found->second)
        list.push_back({ { "pid", holder.process },
                         { "name", name_of_process(holder.process) },
                         { "descriptors", holder.descriptors },
                         { "mappings", holder.mappings } });
    return list;
}

} // namespace dmaheap::control
