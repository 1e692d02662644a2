// SPDX-License-Identifier: MIT
#include "core/memfd_exporter.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <sys/inotify.h>
#include <sys/stat.h>

#include "core/sys.h"

namespace dmaheap {

namespace {

/// As large as it is for as long as it lives, like a dma-buf. Memory that was a buffer before is so
/// already.
Status fix_size(int memfd)
{
    constexpr int kFixed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    const Status fixed = sys::add_seals(memfd, kFixed);
    if (fixed)
        return {};

    const int seals = ::fcntl(memfd, F_GET_SEALS);
    return seals != -1 && (seals & kFixed) == kFixed ? Status() : fixed;
}

std::string path_of(int fd)
{
    return "/proc/self/fd/" + std::to_string(fd);
}

/// An open file of its own, the end of which the watch tells.
Result<UniqueFd> open_again(int memfd, int mode)
{
    return sys::open(path_of(memfd).c_str(), mode);
}

} // namespace

Result<std::unique_ptr<MemfdExporter>> MemfdExporter::open(std::function<void()> on_live)
{
    const auto events = check("inotify_init1", ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!events)
        return std::unexpected(events.error());

    return std::unique_ptr<MemfdExporter>(new MemfdExporter(UniqueFd(*events), std::move(on_live)));
}

Result<UniqueFd> MemfdExporter::export_buffer(Buffer buffer, unsigned fd_flags)
{
    auto made = made_whole(std::move(buffer));
    if (!made)
        return std::unexpected(made.error());

    const std::scoped_lock lock(mutex_);
    const auto live = watch(*std::move(made));
    if (!live)
        return std::unexpected(live.error());

    auto opened = open_again((*live)->second.memfd(), static_cast<int>(fd_flags & O_ACCMODE));
    if (!opened)
        end_if_unused(*live);
    return opened;
}

class MemfdExporter::Hold final : public SharedBuffer {
public:
    /// Takes over a hold that has been counted.
    Hold(MemfdExporter &exporter, int watch, const Live &live)
        : exporter_(exporter), watch_(watch), id_(live.buffer.id()), memfd_(live.memfd())
    {
    }
    Hold(const Hold &) = delete;
    Hold &operator=(const Hold &) = delete;
    ~Hold() override { exporter_.let_go(watch_); }

    [[nodiscard]] std::uint64_t id() const override { return id_; }
    Result<UniqueFd> export_again() override { return open_again(memfd_, O_RDWR); }

private:
    MemfdExporter &exporter_;
    int watch_;
    std::uint64_t id_;
    int memfd_; ///< open as long as there is a hold
};

Result<std::unique_ptr<SharedBuffer>> MemfdExporter::share(Buffer buffer)
{
    auto made = made_whole(std::move(buffer));
    if (!made)
        return std::unexpected(made.error());
    const auto identity = identity_of(made->memfd());
    if (!identity)
        return std::unexpected(identity.error());

    made->shared_as = *identity;
    const std::scoped_lock lock(mutex_);
    const auto live = watch(*std::move(made));
    if (!live)
        return std::unexpected(live.error());

    shared_.emplace(*identity, (*live)->first);
    return hold(*live);
}

Result<std::unique_ptr<SharedBuffer>> MemfdExporter::find_shared(const FileIdentity &dma_buf)
{
    const std::scoped_lock lock(mutex_);
    const auto found = shared_.find(dma_buf);
    if (found == shared_.end())
        return failure(EINVAL, "file that is no shared buffer");

    return hold(live_.find(found->second));
}

std::unique_ptr<SharedBuffer> MemfdExporter::hold(Watched::iterator live)
{
    ++live->second.holds;
    return std::make_unique<Hold>(*this, live->first, live->second);
}

void MemfdExporter::let_go(int watch)
{
    const std::scoped_lock lock(mutex_);
    take_events(); // which may have been opened, and not yet been seen
    const auto live = live_.find(watch);
    --live->second.holds;
    end_if_unused(live);
}

bool MemfdExporter::reap()
{
    const std::scoped_lock lock(mutex_);
    take_events();
    end_shared();
    ended_.clear();
    return !live_.empty();
}

bool MemfdExporter::holds(const Inode &file) const
{
    const std::scoped_lock lock(mutex_);
    return files_.contains(file);
}

/// The buffer, with memory that can be handed out as one file.
Result<MemfdExporter::Live> MemfdExporter::made_whole(Buffer buffer)
{
    if (auto placed = buffer.memory().place(); !placed)
        return std::unexpected(placed.error());

    UniqueFd own;
    if (!is_a_whole_file(buffer.memory())) {
        auto made = sys::memfd("dmabuf", buffer.size());
        if (!made)
            return std::unexpected(made.error());
        own = *std::move(made);
    }
    Live live{ .own_memory = std::move(own), .buffer = std::move(buffer), .file = {} };
    if (auto fixed = fix_size(live.memfd()); !fixed)
        return std::unexpected(fixed.error());

    live.file = inode_of(live.memfd()).value_or(Inode{});
    live.buffer.set_file(live.file);
    return live;
}

bool MemfdExporter::Live::is_open() const
{
    if (!shared_as)
        return open_files > 0;
    if (::fcntl(memfd(), F_SETLEASE, F_RDLCK) == -1)
        return errno == EAGAIN || open_files > 0;

    ::fcntl(memfd(), F_SETLEASE, F_UNLCK);
    return false;
}

int MemfdExporter::Live::memfd() const
{
    return own_memory.valid() ? own_memory.get() : buffer.memory().extents().front().file.get();
}

Result<MemfdExporter::Watched::iterator> MemfdExporter::watch(Live live)
{
    take_events(); // so that they never become too many for the kernel's queue

    const auto watch =
        check("inotify_add_watch", ::inotify_add_watch(events_.get(), path_of(live.memfd()).c_str(),
                                                       IN_OPEN | IN_CLOSE));
    if (!watch)
        return std::unexpected(watch.error());

    files_.insert(live.file);
    const auto added = live_.emplace(*watch, std::move(live)).first;
    if (live_.size() == 1)
        on_live_();
    return added;
}

void MemfdExporter::take_events()
{
    alignas(inotify_event) std::array<std::byte, 4096> events{};
    for (;;) {
        const ssize_t got = ::read(events_.get(), events.data(), events.size());
        if (got <= 0)
            return;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, events.data() + at, sizeof event);
            at += sizeof event + event.len;
            take_event(event.wd, event.mask);
        }
        if (static_cast<std::size_t>(got) < events.size())
            return; // files have no names, so that all that there were fitted
    }
}

void MemfdExporter::take_event(int watch, std::uint32_t what)
{
    const auto found = live_.find(watch);
    if (found == live_.end())
        return;

    Live &live = found->second;
    live.open_files += (what & IN_OPEN) != 0 ? 1 : 0;
    if ((what & IN_CLOSE) == 0)
        return;

    --live.open_files;
    end_if_unused(found);
}

/// The kernel's queue has one event for two that are alike and follow each other: of one that is
/// open several times, not every end is told.
void MemfdExporter::end_shared()
{
    std::vector<int> watches;
    watches.reserve(shared_.size());
    for (const auto &[identity, watch] : shared_)
        watches.push_back(watch);
    for (const int watch : watches)
        end_if_unused(live_.find(watch));
}

void MemfdExporter::end_if_unused(Watched::iterator live)
{
    if (live->second.is_open() || live->second.holds > 0)
        return;

    if (live->second.shared_as)
        shared_.erase(*live->second.shared_as);
    files_.erase(live->second.file);
    end(std::move(live->second));
    live_.erase(live);
}

/// The end of the file ends the watch, which costs as much as all else of a small buffer, because
/// the kernel wakes a thread of its own for that: once for all that end together.
void MemfdExporter::end(Live live)
{
    constexpr std::size_t kTogether = 16;
    constexpr Bytes kSmall = 64 << 10;

    if (live.buffer.size() > kSmall)
        return;
    ended_.push_back(std::move(live));
    if (ended_.size() == kTogether)
        ended_.clear();
}

} // namespace dmaheap
