// SPDX-License-Identifier: MIT
//
// What a daemon takes over from the one before it, and leaves to the next.
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "tools/dmaheapd/daemon.h"
#include "tools/dmaheapd/store.h"

namespace dmaheap::daemon {

/// Garbage is not worth a daemon that does not start.
void Daemon::inherit(std::optional<Exporter::Estate> earlier)
{
    const bool had = earlier.has_value();
    auto estate = exporter_->leave_estate(ledger_, std::move(earlier));
    if (!estate && had) {
        spdlog::warn(
            "what the daemon before this one left cannot be used ({}: {}): its buffers are "
            "not counted",
            estate.error().step, std::strerror(estate.error().code));
        store::clear();
        estate = exporter_->leave_estate(ledger_, std::nullopt);
    }
    if (estate)
        estate_.emplace(*std::move(estate));
    left_ = estate_ && store::leave(*estate_); // before there is a buffer that could be forgotten
    if (const auto use = ledger_.account_of_all().use; use.buffers != 0)
        spdlog::info("{} buffer(s) of {} bytes are live from the daemon before this one",
                     use.buffers, use.bytes);
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
