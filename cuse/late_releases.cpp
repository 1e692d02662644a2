// SPDX-License-Identifier: MIT
#include "cuse/late_releases.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"

namespace dmaheap::cuse {

namespace {

constexpr std::chrono::seconds kLongest{ 1 }; // a connection that is aborted ends no marker

} // namespace

/// The kernel brings what nobody waits for in its order, the end of the marker after the releases.
void LateReleases::flush(int root)
{
    const std::scoped_lock one_by_one(one_by_one_);
    const auto let_in = [this](pid_t thread) {
        const std::scoped_lock lock(mutex_);
        flusher_ = thread;
        return marker_;
    };
    let_in(::gettid());
    auto opened = sys::open_at(root, ".", O_RDONLY | O_DIRECTORY);
    const std::uint64_t marker = let_in(0);
    if (!opened)
        return;

    opened->reset();
    std::unique_lock lock(mutex_);
    reached_.wait_for(lock, kLongest, [&] { return last_end_ >= marker; });
}

bool LateReleases::put_off(fuse_req_t release)
{
    if (stopped_ || in_time_ || owed_) {
        fuse_reply_err(release, 0);
        return false;
    }
    owed_ = release;
    return true;
}

void LateReleases::answer_what_is_owed()
{
    if (owed_)
        fuse_reply_err(std::exchange(owed_, nullptr), 0);
}

void LateReleases::begin(fuse_req_t open, fuse_file_info *root)
{
    {
        const std::scoped_lock lock(mutex_);
        if (fuse_req_ctx(open)->pid != flusher_)
            return static_cast<void>(fuse_reply_err(open, ENXIO));
        root->fh = ++marker_;
    }
    in_time_ = true;
    answer_what_is_owed();
    fuse_reply_open(open, root);
}

void LateReleases::end(fuse_req_t release, const fuse_file_info *root)
{
    const std::uint64_t marker = root->fh;
    fuse_reply_err(release, 0);
    in_time_ = in_time_ && marker != marker_;
    reach(marker);
}

void LateReleases::stop()
{
    stopped_ = true;
    answer_what_is_owed();
    reach(std::numeric_limits<std::uint64_t>::max());
}

void LateReleases::reach(std::uint64_t marker)
{
    const std::scoped_lock lock(mutex_);
    last_end_ = std::max(last_end_, marker);
    reached_.notify_all();
}

} // namespace dmaheap::cuse
