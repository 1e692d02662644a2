// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "core/memory.h"

namespace dmaheap {

/// Wipes memory in the background, on a thread of its own, one piece after the other. It sleeps
/// when there is nothing to wipe. Thread-safe.
class Wiper {
public:
    /// Called on the wiper's thread, and without locks. The memory is zero if `status` says
    /// nothing else; else it is not to be handed out.
    using Done = std::function<void(Memory memory, Status status)>;

    struct Held {};

    Wiper();
    /// Wipes nothing before start().
    explicit Wiper(Held /*tag*/) {}
    Wiper(const Wiper &) = delete;
    Wiper &operator=(const Wiper &) = delete;
    ~Wiper();

    /// To be called once, of one that was held.
    void start();

    /// Takes the memory and returns at once. After stop(), `done` is called at once, with
    /// ECANCELED.
    void wipe(Memory memory, Done done);

    /// The same with new files in the place of those that the memory has, see dmaheap::renew().
    void renew(Memory memory, Done done);

    /// Ends the thread. What waits is not wiped any more: its `done` is called with ECANCELED.
    void stop();

private:
    struct Job {
        Memory memory;
        Status (*clear)(Memory &memory);
        Done done;
    };

    void add(Job job);
    void work(const std::stop_token &stopped);

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Job> jobs_;
    bool stopped_ = false;
    std::jthread thread_; ///< ends before what it uses
};

} // namespace dmaheap
