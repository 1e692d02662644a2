// SPDX-License-Identifier: MIT
#include "cuse/buffer_sync.h"

#include <utility>

namespace dmaheap::cuse {

namespace {

void answer(PrivateServer &server, delivery::PendingReply client, Status status)
{
    server.post([client = std::move(client), status]() mutable {
        if (status)
            std::move(client).succeed({});
        else
            std::move(client).fail(status.error());
    });
}

Error at_the_end()
{
    return { .code = EIO, .step = "SYNC at the end" };
}

} // namespace

BufferSync::BufferSync(PrivateServer &server, Sync sync)
    : server_(server), sync_(std::move(sync)),
      thread_([this](const std::stop_token &stopped) { work(stopped); })
{
}

void BufferSync::stop()
{
    thread_.request_stop();
    thread_.join();
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    for (Job &job : jobs_)
        answer(server_, std::move(job.client), std::unexpected(at_the_end()));
    jobs_.clear();
}

void BufferSync::add(std::uint64_t id, delivery::PendingReply client)
{
    const std::scoped_lock lock(mutex_);
    if (stopped_)
        return std::move(client).fail(at_the_end());

    jobs_.push_back({ .id = id, .client = std::move(client) });
    added_.notify_one();
}

void BufferSync::work(const std::stop_token &stopped)
{
    std::unique_lock lock(mutex_);
    while (added_.wait(lock, stopped, [this] { return !jobs_.empty(); })) {
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        const Status status = sync_(job.id);
        answer(server_, std::move(job.client), status);
        lock.lock();
    }
}

} // namespace dmaheap::cuse
