// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>

#include <fuse3/fuse_lowlevel.h>

#include "core/unique_fd.h"
#include "cuse/sole_opener.h"

namespace dmaheap::cuse {

/// Answers RELEASE requests of a mount late, so that a program which closes one file after another
/// wakes the server now and then and not each time.
///
/// Who closes a file does not wait for the answer. The kernel has kAtOnce such requests under way
/// and keeps the others in their order, without waking anybody (max_background,
/// fuse_request_queue_background()). So one whose answer is owed keeps back all that come after it,
/// until flush() lets them come.
class LateReleases {
public:
    /// Of requests that nobody waits for: what a mount has to agree on with the kernel.
    static constexpr unsigned kAtOnce = 1;

    LateReleases() = default;
    LateReleases(const LateReleases &) = delete;
    LateReleases &operator=(const LateReleases &) = delete;
    ~LateReleases() = default; ///< when nothing is owed

    /// Whether one is owed: the mount needs a flush soon. On any thread.
    [[nodiscard]] bool owes() const { return owed_ != nullptr; }

    /// Returns when all releases have been served that were there before, or after kPatience: what
    /// is written back may be before them. On any thread but the serving one; `root`: of the mount.
    /// Without a free descriptor only what is owed is answered.
    void flush(int root);

    // The rest is for the serving thread.

    /// Answers a release, or owes the answer.
    void take(fuse_req_t release, bool at_once);
    /// When the root's attributes are asked for, too: that is how a flush begins.
    void answer_what_is_owed();

    /// The two ends of the marker that flush() sends after the releases: a descriptor of the root.
    /// Nobody else may open it.
    void begin(fuse_req_t open, fuse_file_info *root);
    void end(fuse_req_t release, const fuse_file_info *root);

private:
    struct Marker {
        UniqueFd root; ///< none: there was no descriptor for it
        std::uint64_t number = 0;
    };

    Marker take_marker(int root);
    Marker open_marker(int root);
    void keep(Marker marker);

    std::atomic<fuse_req_t> owed_ = nullptr;

    SoleOpener opener_; ///< of markers
    std::mutex mutex_;
    std::condition_variable ended_;
    std::uint64_t last_marker_ = 0; ///< never used twice
    std::set<std::uint64_t> sent_;  ///< markers whose end has not come; what comes before it is
                                    ///< answered at once
    Marker kept_;                   ///< for when there is no descriptor
};

} // namespace dmaheap::cuse
