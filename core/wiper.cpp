// SPDX-License-Identifier: MIT
#include "core/wiper.h"

#include <utility>

#include "core/wipe.h"

namespace dmaheap {

Wiper::Wiper()
{
    start();
}

Wiper::~Wiper()
{
    stop();
}

void Wiper::start()
{
    thread_ = std::jthread([this](const std::stop_token &stopped) { work(stopped); });
}

void Wiper::wipe(Memory memory, Done done)
{
    add({ .memory = std::move(memory), .clear = dmaheap::wipe, .done = std::move(done) });
}

void Wiper::renew(Memory memory, Done done)
{
    add({ .memory = std::move(memory), .clear = dmaheap::renew, .done = std::move(done) });
}

void Wiper::add(Job job)
{
    {
        const std::scoped_lock lock(mutex_);
        if (!stopped_) {
            jobs_.push_back(std::move(job));
            changed_.notify_one();
            return;
        }
    }
    job.done(std::move(job.memory), failure(ECANCELED, "wiping"));
}

void Wiper::stop()
{
    std::deque<Job> left;
    {
        const std::scoped_lock lock(mutex_);
        stopped_ = true;
        left.swap(jobs_);
    }
    thread_.request_stop();
    if (thread_.joinable())
        thread_.join();
    for (auto &[memory, clear, done] : left)
        done(std::move(memory), failure(ECANCELED, "wiping"));
}

void Wiper::work(const std::stop_token &stopped)
{
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stopped, [this] { return !jobs_.empty(); })) {
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        const Status status = job.clear(job.memory);
        job.done(std::move(job.memory), status);
        lock.lock();
    }
}

} // namespace dmaheap
