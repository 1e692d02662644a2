// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/memory.h"

#include <cstring>
#include <utility>
#include <vector>

#include <unistd.h>

#include <sys/mman.h>

#include "tools/dmaheap-bench/allocate.h"
#include "tools/dmaheap-bench/mapping.h"

namespace dmaheap::bench {
namespace {

constexpr int kWritesAgain = 5;

struct Series {
    std::vector<double> first_touch_ms, again_ms;
};

double write_ms(const Mapping &mapping, int value)
{
    return microseconds_of([&] {
               std::memset(mapping.data(), value, mapping.size());
               asm volatile("" ::: "memory"); // the writes must not be left out
           }) /
           1000;
}

Result<Mapping> map_memfd(std::uint64_t bytes)
{
    const auto number = check("memfd_create", ::memfd_create("dmaheap-bench", MFD_CLOEXEC));
    if (!number)
        return std::unexpected(number.error());

    const Descriptor file(*number);
    const auto sized = check("ftruncate", ::ftruncate(file.get(), static_cast<off_t>(bytes)));
    if (!sized)
        return std::unexpected(sized.error());

    return Mapping::of(file, bytes);
}

Result<Mapping> map_buffer(const Descriptor &node, std::uint64_t bytes)
{
    const Result<Descriptor> buffer = allocate(node, bytes);
    if (!buffer)
        return std::unexpected(buffer.error());

    return Mapping::of(*buffer, bytes);
}

Result<void> memfd_round(std::uint64_t bytes, Series &series)
{
    const Result<Mapping> mapping = map_memfd(bytes);
    if (!mapping)
        return std::unexpected(mapping.error());

    series.first_touch_ms.push_back(write_ms(*mapping, 1));
    for (int i = 0; i < kWritesAgain; ++i)
        series.again_ms.push_back(write_ms(*mapping, i));

    return {};
}

struct Pair {
    Series buffer, memfd;
    bool buffer_first = false;
};

Result<void> paired_round(const Descriptor &node, std::uint64_t bytes, Pair &pair)
{
    const Result<Mapping> buffer = map_buffer(node, bytes);
    if (!buffer)
        return std::unexpected(buffer.error());
    const Result<Mapping> memfd = map_memfd(bytes);
    if (!memfd)
        return std::unexpected(memfd.error());

    std::pair first{ &*buffer, &pair.buffer }, second{ &*memfd, &pair.memfd };
    pair.buffer_first = !pair.buffer_first;
    if (!pair.buffer_first)
        std::swap(first, second);

    for (const auto &[mapping, series] : { first, second })
        series->first_touch_ms.push_back(write_ms(*mapping, 1));
    for (int i = 0; i < kWritesAgain; ++i)
        for (const auto &[mapping, series] : { first, second })
            series->again_ms.push_back(write_ms(*mapping, i));

    return {};
}

/// Runs `round` on a series of its own to warm up, and then on the one that is returned.
template <class Recorded, class Round>
Result<Recorded> repeat(Limit limit, Round round)
{
    Recorded discarded, recorded;
    for (Pace pace(limit.warm_up()); pace.more();)
        if (const auto done = round(discarded); !done)
            return std::unexpected(done.error());
    for (Pace pace(limit); pace.more();)
        if (const auto done = round(recorded); !done)
            return std::unexpected(done.error());

    return recorded;
}

/// Every series has at least one round.
WriteTimes times_of(Series &series)
{
    return { .first_touch_ms = summarise(std::move(series.first_touch_ms)).value(),
             .again_ms = summarise(std::move(series.again_ms)).value() };
}

} // namespace

Result<WriteTimes> measure_memfd(std::uint64_t bytes, Limit limit)
{
    auto series = repeat<Series>(limit, [&](Series &into) { return memfd_round(bytes, into); });
    if (!series)
        return std::unexpected(series.error());

    return times_of(*series);
}

Result<MemoryComparison> compare_memory(const Descriptor &node, std::uint64_t bytes, Limit limit)
{
    auto pair = repeat<Pair>(limit, [&](Pair &into) { return paired_round(node, bytes, into); });
    if (!pair)
        return std::unexpected(pair.error());

    return MemoryComparison{ .buffer = times_of(pair->buffer), .memfd = times_of(pair->memfd) };
}

} // namespace dmaheap::bench
