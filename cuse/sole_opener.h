// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <mutex>

#include <fuse3/fuse_lowlevel.h>
#include <unistd.h>

#include <sys/types.h>

namespace dmaheap::cuse {

/// Files of a mount that one thread of ours at a time may open, and nobody else: an OPEN request
/// tells which thread sends it.
class SoleOpener {
public:
    /// Returns what `open` does, which opens files of the mount on this thread. On any thread but
    /// the serving one.
    template <class Open>
    auto let_in(const Open &open)
    {
        const std::scoped_lock one_by_one(opening_);
        const Inside inside(thread_);
        return open();
    }

    /// For the serving thread, until it has answered `open`.
    [[nodiscard]] bool sends(fuse_req_t open) const { return fuse_req_ctx(open)->pid == thread_; }

private:
    static constexpr pid_t kNobody = -1; ///< 0 is who is not in our pid namespace

    class Inside {
    public:
        explicit Inside(std::atomic<pid_t> &thread) : thread_(thread) { thread_ = ::gettid(); }
        Inside(const Inside &) = delete;
        Inside &operator=(const Inside &) = delete;
        ~Inside() { thread_ = kNobody; }

    private:
        std::atomic<pid_t> &thread_;
    };

    std::mutex opening_;
    std::atomic<pid_t> thread_ = kNobody;
};

} // namespace dmaheap::cuse
