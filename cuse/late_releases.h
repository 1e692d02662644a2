// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include <fuse3/fuse_lowlevel.h>

#include <sys/types.h>

namespace dmaheap::cuse {

/// Answers RELEASE requests of a mount late, so that a program which closes one file after another
/// wakes the server now and then and not each time.
///
/// Nobody waits for the answer to a RELEASE. The kernel has kAtOnce of them under way and keeps the
/// others in their order, without waking anybody (max_background, fuse_request_queue_background()).
/// So one whose answer is owed keeps back all that come after it, until flush() lets them come.
class LateReleases {
public:
    /// Of requests that nobody waits for: what a mount has to agree on with the kernel.
    static constexpr unsigned kAtOnce = 1;

    LateReleases() = default;
    LateReleases(const LateReleases &) = delete;
    LateReleases &operator=(const LateReleases &) = delete;
    ~LateReleases() = default; ///< after stop()

    /// Returns when all releases have been served that were there before. On any thread but the
    /// serving one; `root`: of the mount.
    void flush(int root);

    // The rest is for the serving thread.

    /// Answers a release, or owes the answer: true then. The mount needs a flush soon.
    bool put_off(fuse_req_t release);
    void answer_what_is_owed();

    /// The two ends of the marker that flush() sends after the releases: it opens the root, and
    /// closes it again. Nobody else may open it.
    void begin(fuse_req_t open, fuse_file_info *root);
    void end(fuse_req_t release, const fuse_file_info *root);

    /// Owes nothing any more, from now on; nobody waits in flush().
    void stop();

private:
    void reach(std::uint64_t marker);

    fuse_req_t owed_ = nullptr;
    bool in_time_ = false; ///< those that come are answered at once: a marker is behind them
    bool stopped_ = false;

    std::mutex one_by_one_; ///< flushes
    std::mutex mutex_;
    std::condition_variable reached_;
    pid_t flusher_ = 0;          ///< the thread that is about to open its marker; 0: none
    std::uint64_t marker_ = 0;   ///< the latest that was opened
    std::uint64_t last_end_ = 0; ///< of a marker
};

} // namespace dmaheap::cuse
