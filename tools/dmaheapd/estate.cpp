// SPDX-License-Identifier: MIT
//
// What a daemon takes over from the one before it, and leaves to the next.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "core/claims.h"
#include "tools/dmaheapd/daemon.h"

namespace dmaheap::daemon {

namespace {

void log_useless(const Error &error)
{
    spdlog::warn("what the daemon before this one left cannot be used ({}: {}): its buffers are "
                 "not counted",
                 error.step, std::strerror(error.code));
}

} // namespace

/// Garbage is not worth a daemon that does not start. Of regions, the next one uses nothing when it
/// does not know what is live of them.
Daemon::Heritage Daemon::read_store()
{
    Store::Left left = store_.take();
    Heritage heritage{ .buffers = {}, .regions = { .files = std::move(left.regions), .live = {} } };
    if (left.estate) {
        auto read = Inheritance::of(*std::move(left.estate));
        if (read)
            heritage.buffers.emplace(*std::move(read));
        else {
            log_useless(read.error());
            store_.clear_estate();
        }
    }
    if (heritage.buffers) {
        for (const LiveState::Row &row : heritage.buffers->live)
            heritage.regions.live.push_back(row.place);
        return heritage;
    }
    for (const auto &[name, file] : heritage.regions.files)
        store_.clear(name);
    if (!heritage.regions.files.empty())
        store_.settle(); // their memory may be needed for those that are made now
    heritage.regions.files.clear();
    return heritage;
}

void Daemon::inherit(std::optional<Inheritance> earlier)
{
    const bool had = earlier.has_value();
    Claims claims([this](const Place &place) { return withdraw(place); });
    auto estate =
        exporter_->leave_estate(ledger_, std::move(earlier), [&](const LiveState::Row &buffer) {
            return claims.memory_of(buffer);
        });
    if (!estate && had) {
        if (exporter_->shows_extents()) // regions are there of which it is not known what is live
            throw std::runtime_error(
                std::string("what the daemon before this one left cannot be taken over: ") +
                estate.error().step + ": " + std::strerror(estate.error().code));

        log_useless(estate.error());
        store_.clear_estate();
    }
    if (estate)
        estate_.emplace(*std::move(estate));
    left_ = estate_ && store_.leave(*estate_); // before there is a buffer that could be forgotten
    regions_.leave();
    if (const auto use = ledger_.account_of_all().use; use.buffers != 0)
        spdlog::info("{} buffer(s) of {} bytes are live from the daemon before this one",
                     use.buffers, use.bytes);
    for (const control::Served &heap : served())
        if (!heap.heap)
            spdlog::info("heap {}: is no longer in the config; {} of them are its", heap.name,
                         ledger_.accounts().at(heap.name).use.buffers);
}

/// All that is idle and of which a part is there.
std::vector<Memory> Daemon::withdraw(const Place &place)
{
    std::vector<Memory> withdrawn = regions_.withdraw(place);
    for (const auto &heap : heaps_)
        std::ranges::move(heap->withdraw(place), std::back_inserter(withdrawn));
    return withdrawn;
}

/// What nobody will know any more once the daemon has ended. After one that nobody else sees there
/// is none that would count.
void Daemon::farewell()
{
    exporter_->reap();
    const auto use = ledger_.account_of_all().use;
    if (use.buffers == 0 || seen_ == Seen::by_us_alone)
        spdlog::info("stopping");
    else if (left_)
        spdlog::info(
            "stopping: {} buffer(s) of {} bytes stay with those who hold them; the service "
            "manager was given what the next daemon counts the dma-bufs among them by",
            use.buffers, use.bytes);
    else
        spdlog::warn("stopping: {} buffer(s) of {} bytes stay with those who hold them; the next "
                     "daemon does not count them",
                     use.buffers, use.bytes);
}

} // namespace dmaheap::daemon
