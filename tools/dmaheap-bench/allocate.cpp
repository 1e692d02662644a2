// SPDX-License-Identifier: MIT
#include "tools/dmaheap-bench/allocate.h"

#include <algorithm>
#include <atomic>
#include <latch>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>

namespace dmaheap::bench {
namespace {

/// What one thread has seen, or all of them together.
struct Series {
    std::vector<double> both_us, allocate_us, close_us;
    std::map<int, std::size_t> failed;
    Clock::time_point begin = Clock::time_point::max();
    Clock::time_point end = Clock::time_point::min();

    void add(const Series &other);
};

void append(std::vector<double> &to, const std::vector<double> &from)
{
    to.insert(to.end(), from.begin(), from.end());
}

void Series::add(const Series &other)
{
    append(both_us, other.both_us);
    append(allocate_us, other.allocate_us);
    append(close_us, other.close_us);
    for (const auto &[code, count] : other.failed)
        failed[code] += count;

    begin = std::min(begin, other.begin);
    end = std::max(end, other.end);
}

void allocate_and_close(const Descriptor &node, std::uint64_t bytes, Series &series)
{
    const Clock::time_point begin = Clock::now();
    Clock::time_point allocated;
    {
        const Result<Descriptor> buffer = allocate(node, bytes);
        allocated = Clock::now();
        if (!buffer) {
            ++series.failed[buffer.error().code];
            return;
        }
    }
    const Clock::time_point closed = Clock::now();

    series.both_us.push_back(Microseconds(closed - begin).count());
    series.allocate_us.push_back(Microseconds(allocated - begin).count());
    series.close_us.push_back(Microseconds(closed - allocated).count());
}

/// The threads of one figure: all warm up, then all begin at once.
struct Race {
    const Descriptor &node;
    std::uint64_t bytes;
    Limit limit;
    std::atomic<std::ptrdiff_t> rounds_left;
    std::latch ready;

    void run(Series &series);
};

void Race::run(Series &series)
{
    Series discarded;
    for (Pace pace(limit.warm_up()); pace.more();)
        allocate_and_close(node, bytes, discarded);
    ready.arrive_and_wait();

    series.begin = Clock::now();
    for (Pace pace(limit); rounds_left.fetch_sub(1) > 0 && pace.more();)
        allocate_and_close(node, bytes, series);
    series.end = Clock::now();
}

/// A thread that could not be started is counted off, so that the others do not wait for it.
Result<void> run_all(Race &race, std::vector<Series> &series)
{
    std::vector<std::jthread> threads;
    threads.reserve(series.size());
    try {
        for (Series &own : series)
            threads.emplace_back(&Race::run, &race, std::ref(own));
    } catch (const std::system_error &failure) {
        race.ready.count_down(static_cast<std::ptrdiff_t>(series.size() - threads.size()));
        return std::unexpected(Error{ failure.code().value(), "start of a thread" });
    }

    return {};
}

} // namespace

Result<Descriptor> allocate(const Descriptor &node, std::uint64_t bytes)
{
    dma_heap_allocation_data request{};
    request.len = bytes;
    request.fd_flags = O_RDWR | O_CLOEXEC;
    const auto done =
        check("DMA_HEAP_IOCTL_ALLOC", ::ioctl(node.get(), DMA_HEAP_IOCTL_ALLOC, &request));
    if (!done)
        return std::unexpected(done.error());

    return Descriptor(static_cast<int>(request.fd));
}

Result<Latency> measure_latency(const Descriptor &node, std::uint64_t bytes, unsigned threads,
                                Limit limit)
{
    std::vector<Series> each(threads);
    Race race{ .node = node,
               .bytes = bytes,
               .limit = limit,
               .rounds_left = static_cast<std::ptrdiff_t>(limit.rounds),
               .ready = std::latch(static_cast<std::ptrdiff_t>(threads)) };
    if (const auto run = run_all(race, each); !run)
        return std::unexpected(run.error());

    Series all;
    for (const Series &one : each)
        all.add(one);

    const double seconds = Seconds(all.end - all.begin).count();
    const auto succeeded = static_cast<double>(all.both_us.size());
    return Latency{ .bytes = bytes,
                    .threads = threads,
                    .both_us = summarise(std::move(all.both_us)),
                    .allocate_us = summarise(std::move(all.allocate_us)),
                    .close_us = summarise(std::move(all.close_us)),
                    .failed = std::move(all.failed),
                    .per_second = succeeded / seconds };
}

} // namespace dmaheap::bench
