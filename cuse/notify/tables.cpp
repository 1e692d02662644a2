// SPDX-License-Identifier: MIT
#include "cuse/notify/tables.h"

#include <cerrno>
#include <utility>

namespace dmaheap::cuse {

Result<UniqueFd> Tables::fetch(pid_t thread, int fd)
{
    if (const Table known = find(thread)) {
        auto fetched = known->fetch(fd);
        if (fetched || fetched.error().code != ESRCH)
            return fetched;
    }
    return fetch_anew(thread, fd); // of another thread, by now, that has the number
}

Result<UniqueFd> Tables::fetch_anew(pid_t thread, int fd)
{
    auto opened = delivery::DescriptorTable::of(thread);
    if (!opened)
        return std::unexpected(opened.error());

    auto table = std::make_shared<const delivery::DescriptorTable>(*std::move(opened));
    auto fetched = table->fetch(fd);
    if (table->ends_with_thread())
        keep(thread, std::move(table));
    return fetched;
}

Tables::Table Tables::find(pid_t thread)
{
    const std::scoped_lock lock(mutex_);
    const auto found = tables_.find(thread);
    return found == tables_.end() ? nullptr : found->second;
}

void Tables::keep(pid_t thread, Table table)
{
    const std::scoped_lock lock(mutex_);
    if (tables_.size() >= kMost)
        tables_.clear(); // most of whose threads have ended
    tables_.insert_or_assign(thread, std::move(table));
}

} // namespace dmaheap::cuse
