// SPDX-License-Identifier: MIT
#include "cuse/notify/interrupted.h"

#include <algorithm>
#include <cerrno>

#include "cuse/delivery/post.h"

namespace dmaheap::cuse {

Result<int> Interrupted::give(const Listener &listener, const Notification &waiting,
                              const delivery::Answer &answer, int buffer)
{
    if (listener.waits() == Waits::killably)
        return listener.add_descriptor(waiting.id, buffer, answer.close_on_exec);

    const auto file = inode_of(buffer);
    if (!file)
        return std::unexpected(file.error());

    const auto entry = add(waiting, answer, *file);
    const auto number = listener.add_descriptor(waiting.id, buffer, answer.close_on_exec);

    const std::scoped_lock lock(mutex_);
    if (number)
        entry->number = *number;
    else
        entries_.erase(entry);
    ended_.notify_all();
    return number;
}

/// Before the thread has the descriptor, since it may ask again at once.
Interrupted::Entries::iterator Interrupted::add(const Notification &waiting,
                                                const delivery::Answer &answer, const Inode &file)
{
    const std::scoped_lock lock(mutex_);
    if (entries_.size() >= kMost && !entries_.front().under_way)
        entries_.pop_front();
    return entries_.insert(
        entries_.end(),
        { .asked = waiting, .out = answer.out, .number_at = answer.fd_at, .file = file });
}

void Interrupted::end(std::uint64_t id, bool answered)
{
    const std::scoped_lock lock(mutex_);
    const auto entry =
        std::ranges::find_if(entries_, [id](const Entry &each) { return each.asked.id == id; });
    if (entry == entries_.end())
        return;

    if (answered)
        entries_.erase(entry);
    else
        entry->under_way = false;
    ended_.notify_all();
}

/// A thread that asks the same while it is under way has been interrupted, or answered this moment.
std::optional<Interrupted::Given> Interrupted::find(const Notification &waiting,
                                                    std::span<const std::byte> in)
{
    std::unique_lock lock(mutex_);
    const auto look = [&] {
        return std::ranges::find_if(
            entries_, [&](const Entry &entry) { return entry.is_repeated(waiting, in); });
    };
    auto found = look();
    while (found != entries_.end() && found->under_way) {
        ended_.wait(lock);
        found = look();
    }
    if (found == entries_.end())
        return std::nullopt;
    if (!found->is_there()) {
        entries_.erase(found);
        return std::nullopt;
    }
    found->asked.id = waiting.id;
    found->under_way = true;
    return Given{ .number = found->number, .number_at = found->number_at };
}

bool Interrupted::Entry::is_repeated(const Notification &other, std::span<const std::byte> in) const
{
    if (other.thread != asked.thread || other.fd != asked.fd || other.command != asked.command ||
        other.argument != asked.argument)
        return false;

    for (std::size_t at = 0; at < std::min(in.size(), out.size()); ++at) {
        const bool of_number = number_at && at >= *number_at && at < *number_at + sizeof(int);
        if (!of_number && in[at] != out[at])
            return false;
    }
    return true;
}

bool Interrupted::Entry::is_there() const
{
    const auto table = delivery::DescriptorTable::of(asked.thread);
    const auto fetched = table ? table->fetch(number) : std::unexpected(table.error());
    return fetched && inode_of(fetched->get()) == file;
}

} // namespace dmaheap::cuse
