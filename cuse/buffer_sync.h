// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "core/result.h"
#include "cuse/delivery/pending_reply.h"
#include "cuse/private_server.h"

namespace dmaheap::cuse {

/// Answers SYNC of buffers whose page cache has to agree with the files behind it. That takes
/// requests of the kernel's, which the serving thread has to be free for, so it is done on a thread
/// of its own; the answers are given on the serving thread.
class BufferSync {
public:
    /// Makes them agree, for the buffer of that number.
    using Sync = std::function<Status(std::uint64_t id)>;

    /// `server` outlives the thread.
    BufferSync(PrivateServer &server, Sync sync);
    BufferSync(const BufferSync &) = delete;
    BufferSync &operator=(const BufferSync &) = delete;
    ~BufferSync() = default; ///< after stop()

    /// Ends the thread. What waits, and what is added later, is answered with EIO.
    void stop();

    /// On the serving thread.
    void add(std::uint64_t id, delivery::PendingReply client);

private:
    struct Job {
        std::uint64_t id;
        delivery::PendingReply client;
    };

    void work(const std::stop_token &stopped);

    PrivateServer &server_;
    Sync sync_;
    std::mutex mutex_;
    std::condition_variable_any added_;
    std::deque<Job> jobs_;
    bool stopped_ = false;
    std::jthread thread_; ///< ends before what it uses
};

} // namespace dmaheap::cuse
