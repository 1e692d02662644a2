// SPDX-License-Identifier: MIT
#include "policies/pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dmaheap::policies {

Status Pool::add(Memory buffer)
{
    if (auto prepared = exporter_.prepare(buffer); !prepared)
        return prepared;

    const std::scoped_lock lock(mutex_);
    ready_.push_back(std::move(buffer));
    return {};
}

Result<Memory> Pool::take(Bytes size)
{
    if (size > buffer_size_)
        return failure(ENOMEM, "size of the heap's buffers (buffer-size)");

    auto buffer = next();
    if (!buffer)
        return buffer;
    if (size < buffer_size_)
        return part_of(*std::move(buffer), size);

    expect(*buffer);
    return buffer;
}

std::vector<Memory> Pool::withdraw(const Place &place)
{
    const std::scoped_lock lock(mutex_);
    const auto there = std::ranges::partition(
        ready_, [&](const Memory &buffer) { return !overlap(place_of(buffer), place); });
    std::vector<Memory> withdrawn(std::make_move_iterator(there.begin()),
                                  std::make_move_iterator(there.end()));
    ready_.erase(there.begin(), there.end());
    for (Memory &buffer : withdrawn)
        expect(buffer);
    return withdrawn;
}

void Pool::expect(Memory &buffer)
{
    buffer.add_home([pool = shared_from_this()](Memory back) { pool->take_back(std::move(back)); });
}

Result<Memory> Pool::next()
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !ready_.empty() || being_wiped_ == 0; });
    if (ready_.empty())
        return failure(ENOMEM, "number of the heap's buffers (buffers)");

    Memory buffer = std::move(ready_.back());
    ready_.pop_back();
    return buffer;
}

/// The whole waits, exported as it is, until the part has come back.
Result<Memory> Pool::part_of(Memory whole, Bytes size)
{
    auto extents = whole.first(size);
    if (!extents) {
        const std::scoped_lock lock(mutex_);
        ready_.push_back(std::move(whole));
        return std::unexpected(extents.error());
    }
    Memory part(*std::move(extents));
    part.add_home([pool = shared_from_this(), kept = std::make_shared<Memory>(std::move(whole))](
                      const Memory & /*part*/) { pool->take_back(std::move(*kept)); });
    return part;
}

void Pool::take_back(Memory buffer)
{
    {
        const std::scoped_lock lock(mutex_);
        ++being_wiped_;
    }
    wiper_.wipe(std::move(buffer), [pool = shared_from_this()](Memory wiped, Status status) {
        pool->make_ready(std::move(wiped), status);
    });
}

/// One that cannot be exported ahead is exported when it is asked for, and one that could not be
/// wiped is never seen again.
void Pool::make_ready(Memory buffer, Status wiped)
{
    if (wiped && !buffer.prepared())
        static_cast<void>(exporter_.prepare(buffer));

    const std::scoped_lock lock(mutex_);
    if (wiped)
        ready_.push_back(std::move(buffer));
    --being_wiped_;
    changed_.notify_all();
}

} // namespace dmaheap::policies
