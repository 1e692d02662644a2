// SPDX-License-Identifier: MIT
#include "cuse/late_releases.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include <fcntl.h>

#include <sys/stat.h>

#include "core/sys.h"

namespace dmaheap::cuse {

namespace {

constexpr std::chrono::milliseconds kPatience{ 50 };

} // namespace

/// The kernel brings what nobody waits for in its order, the end of the marker after the releases.
void LateReleases::flush(int root)
{
    Marker marker = take_marker(root);
    const bool sent = marker.root.valid();
    if (sent) {
        const std::scoped_lock lock(mutex_);
        sent_.insert(marker.number);
    }
    struct stat attributes{}; // not cached: a request
    ::fstat(root, &attributes);
    if (!sent)
        return;

    marker.root.reset();
    {
        std::unique_lock lock(mutex_);
        ended_.wait_for(lock, kPatience, [&] { return !sent_.contains(marker.number); });
    }
    keep(open_marker(root));
}

LateReleases::Marker LateReleases::take_marker(int root)
{
    {
        const std::scoped_lock lock(mutex_);
        if (kept_.root.valid())
            return std::exchange(kept_, {});
    }
    return open_marker(root);
}

LateReleases::Marker LateReleases::open_marker(int root)
{
    return opener_.let_in([&] {
        auto opened = sys::open_at(root, ".", O_RDONLY | O_DIRECTORY);
        const std::scoped_lock lock(mutex_);
        return opened ? Marker{ .root = *std::move(opened), .number = last_marker_ } : Marker{};
    });
}

void LateReleases::keep(Marker marker)
{
    const std::scoped_lock lock(mutex_);
    if (!kept_.root.valid())
        kept_ = std::move(marker);
}

void LateReleases::take(fuse_req_t release, bool at_once)
{
    {
        const std::scoped_lock lock(mutex_);
        at_once = at_once || owes() || !sent_.empty();
    }
    if (at_once)
        return static_cast<void>(fuse_reply_err(release, 0));

    owed_ = release;
}

void LateReleases::answer_what_is_owed()
{
    if (fuse_req *const release = owed_.exchange(nullptr))
        fuse_reply_err(release, 0);
}

void LateReleases::begin(fuse_req_t open, fuse_file_info *root)
{
    if (!opener_.sends(open))
        return static_cast<void>(fuse_reply_err(open, ENXIO));
    {
        const std::scoped_lock lock(mutex_);
        root->fh = ++last_marker_;
    }
    fuse_reply_open(open, root);
}

void LateReleases::end(fuse_req_t release, const fuse_file_info *root)
{
    const std::uint64_t marker = root->fh;
    fuse_reply_err(release, 0);
    const std::scoped_lock lock(mutex_);
    sent_.erase(marker);
    ended_.notify_all();
}

} // namespace dmaheap::cuse
