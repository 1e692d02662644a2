// SPDX-License-Identifier: MIT
#include "cuse/ion_handles.h"

#include <algorithm>

namespace dmaheap::cuse {

Result<IonQuota::Share> IonQuota::take(uid_t user)
{
    const std::scoped_lock lock(mutex_);
    unsigned &used = used_[user];
    if (used >= kMost)
        return failure(ENOMEM, "number of ION handles of this user");

    ++used;
    return Share(*this, user);
}

void IonQuota::give_back(uid_t user)
{
    const std::scoped_lock lock(mutex_);
    if (--used_[user] == 0)
        used_.erase(user);
}

Result<int> IonHandles::add(std::shared_ptr<SharedBuffer> buffer, uid_t user)
{
    const std::scoped_lock lock(mutex_);
    return add_locked(std::move(buffer), user);
}

Result<int> IonHandles::import(std::shared_ptr<SharedBuffer> buffer, uid_t user)
{
    const std::scoped_lock lock(mutex_);
    const auto known = std::ranges::find_if(
        handles_, [&](const auto &entry) { return entry.second.buffer->id() == buffer->id(); });
    if (known == handles_.end())
        return add_locked(std::move(buffer), user);

    ++known->second.references;
    return known->first;
}

Status IonHandles::free(int handle)
{
    const std::scoped_lock lock(mutex_);
    const auto found = handles_.find(handle);
    if (found == handles_.end())
        return failure(EINVAL, "handle");

    if (--found->second.references == 0)
        handles_.erase(found);
    return {};
}

Result<std::shared_ptr<SharedBuffer>> IonHandles::find(int handle) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = handles_.find(handle);
    if (found == handles_.end())
        return failure(EINVAL, "handle");

    return found->second.buffer;
}

Result<int> IonHandles::add_locked(std::shared_ptr<SharedBuffer> buffer, uid_t user)
{
    if (handles_.size() >= kMost)
        return failure(ENOMEM, "number of ION handles of this file");
    auto share = quota_.take(user);
    if (!share)
        return std::unexpected(share.error());

    int number = 1;
    for (const auto &[taken, handle] : handles_) { // in order: the first gap
        if (taken != number)
            break;
        ++number;
    }
    handles_.emplace(
        number, Handle{ .buffer = std::move(buffer), .references = 1, .share = *std::move(share) });
    return number;
}

} // namespace dmaheap::cuse
