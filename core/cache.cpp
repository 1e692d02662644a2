// SPDX-License-Identifier: MIT
#include "core/cache.h"

#include <iterator>

namespace dmaheap {

Cache::Cache(Bytes most, Exporter &exporter, Wiper &wiper)
    : most_(most), exporter_(exporter), wiper_(wiper)
{
}

Cache::Use Cache::use() const
{
    const std::scoped_lock lock(mutex_);
    return { .bytes = bytes_, .ready = ready_, .recycled = recycled_ };
}

std::optional<Memory> Cache::take(Bytes size)
{
    const std::scoped_lock lock(mutex_);
    const auto after = by_size_.lower_bound({ size + 1, 0 });
    if (after == by_size_.begin() || std::prev(after)->first != size)
        return std::nullopt;

    ++recycled_;
    return remove(pieces_.find(std::prev(after)->second)); // the newest, which is the warmest
}

void Cache::expect(Memory &memory)
{
    memory.add_home(
        [cache = shared_from_this()](Memory back) { cache->take_back(std::move(back)); });
}

void Cache::give_back()
{
    Pieces all;
    const std::scoped_lock lock(mutex_);
    ++round_;
    all.swap(pieces_);
    by_size_.clear();
    bytes_ -= std::exchange(ready_, 0);
}

void Cache::settle()
{
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, until = begun_] { return finished_ >= until; });
}

void Cache::close()
{
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
    }
    give_back();
}

void Cache::take_back(Memory memory)
{
    std::vector<Memory> oldest; // ends without the lock
    std::uint64_t round = 0;
    {
        const std::scoped_lock lock(mutex_);
        if (closed_ || memory.size() > most_)
            return;

        oldest = make_room(memory.size());
        if (full(memory.size()))
            return; // of what is being wiped

        bytes_ += memory.size();
        ++begun_;
        round = round_;
    }
    // Memory that the exporter had at hand has no file of its own yet.
    const Status placed = memory.place();
    auto done = [cache = shared_from_this(), round, placed](Memory zero, Status status) {
        cache->keep(std::move(zero), status && placed, round);
    };
    if (exporter_.leaves_memory())
        wiper_.wipe(std::move(memory), std::move(done));
    else
        wiper_.renew(std::move(memory), std::move(done));
}

/// On the wiper's thread. What cannot be exported ahead is exported when it is asked for.
void Cache::keep(Memory memory, bool zero, std::uint64_t round)
{
    const Bytes size = memory.size();
    if (zero && !memory.prepared())
        static_cast<void>(exporter_.prepare(memory));
    {
        const std::scoped_lock lock(mutex_);
        if (zero && !closed_ && round == round_) {
            by_size_.emplace(size, ++last_number_);
            pieces_.emplace(last_number_, std::move(memory));
            ready_ += size;
            ++finished_;
            return changed_.notify_all();
        }
    }
    {
        const Memory unwanted = std::move(memory); // goes home before anybody is told
    }
    const std::scoped_lock lock(mutex_);
    bytes_ -= size;
    ++finished_;
    changed_.notify_all();
}

bool Cache::full(Bytes more) const
{
    return more > most_ - bytes_ || pieces_.size() + (begun_ - finished_) >= kMostPieces;
}

std::vector<Memory> Cache::make_room(Bytes size)
{
    std::vector<Memory> oldest;
    while (full(size) && !pieces_.empty())
        oldest.push_back(remove(pieces_.begin()));
    return oldest;
}

Memory Cache::remove(Pieces::iterator piece)
{
    Memory memory = std::move(piece->second);
    bytes_ -= memory.size();
    ready_ -= memory.size();
    by_size_.erase({ memory.size(), piece->first });
    pieces_.erase(piece);
    return memory;
}

std::shared_ptr<Cache> Caches::add(Bytes most, Exporter &exporter, Wiper &wiper)
{
    auto cache = std::make_shared<Cache>(most, exporter, wiper);
    const std::scoped_lock lock(mutex_);
    std::erase_if(caches_, [](const auto &known) { return known.expired(); });
    caches_.push_back(cache);
    return cache;
}

void Caches::give_back()
{
    for (const auto &cache : all())
        cache->give_back();
}

bool Caches::make_room()
{
    bool some = false;
    for (const auto &cache : all()) {
        some |= cache->use().bytes != 0;
        cache->give_back();
        cache->settle();
    }
    return some;
}

std::vector<std::shared_ptr<Cache>> Caches::all() const
{
    const std::scoped_lock lock(mutex_);
    std::vector<std::shared_ptr<Cache>> living;
    for (const auto &known : caches_)
        if (auto cache = known.lock())
            living.push_back(std::move(cache));
    return living;
}

} // namespace dmaheap
