// SPDX-License-Identifier: MIT
#include "core/memfd_exporter.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <sys/inotify.h>
#include <sys/stat.h>

#include "core/sys.h"

namespace dmaheap {

namespace {

/// All of one file, so that nothing else is given away with it.
bool is_a_whole_file(const Memory &memory)
{
    if (memory.extents().size() != 1 || memory.extents().front().offset != 0)
        return false;

    struct stat status{};
    return ::fstat(memory.extents().front().file.get(), &status) == 0 &&
           static_cast<Bytes>(status.st_size) == memory.size();
}

/// As large as it is for as long as it lives, like a dma-buf.
Status fix_size(int memfd)
{
    return sys::add_seals(memfd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
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
    if (auto placed = buffer.memory().place(); !placed)
        return std::unexpected(placed.error());

    UniqueFd own;
    if (!is_a_whole_file(buffer.memory())) {
        auto made = sys::memfd("dmabuf", buffer.size());
        if (!made)
            return made;
        own = *std::move(made);
    }
    const int memfd = own.valid() ? own.get() : buffer.memory().extents().front().file.get();
    if (auto fixed = fix_size(memfd); !fixed)
        return std::unexpected(fixed.error());

    const Ledger::File file = Ledger::file_of(memfd);
    buffer.set_file(file);
    return watch_and_open(
        Live{ .own_memory = std::move(own), .buffer = std::move(buffer), .file = file }, memfd,
        static_cast<int>(fd_flags & O_ACCMODE));
}

bool MemfdExporter::reap()
{
    const std::scoped_lock lock(mutex_);
    take_events();
    return !live_.empty();
}

bool MemfdExporter::holds(dev_t device, ino_t inode) const
{
    const std::scoped_lock lock(mutex_);
    return files_.contains({ .device = device, .inode = inode });
}

Result<UniqueFd> MemfdExporter::watch_and_open(Live live, int memfd, int mode)
{
    const std::scoped_lock lock(mutex_);
    take_events(); // so that they never become too many for the kernel's queue

    const std::string path = "/proc/self/fd/" + std::to_string(memfd);
    const auto watch = check("inotify_add_watch",
                             ::inotify_add_watch(events_.get(), path.c_str(), IN_OPEN | IN_CLOSE));
    if (!watch)
        return std::unexpected(watch.error());

    auto opened = sys::open(path.c_str(), mode);
    if (!opened) {
        ::inotify_rm_watch(events_.get(), *watch);
        return opened;
    }
    files_.insert(live.file);
    live_.emplace(*watch, std::move(live));
    if (live_.size() == 1)
        on_live_();
    return opened;
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
    }
}

void MemfdExporter::take_event(int watch, std::uint32_t what)
{
    const auto found = live_.find(watch);
    if (found == live_.end())
        return;

    Live &live = found->second;
    live.open_files += (what & IN_OPEN) != 0 ? 1 : 0;
    if ((what & IN_CLOSE) == 0 || --live.open_files > 0)
        return;

    files_.erase(live.file);
    live_.erase(found); // and its file with it, which ends the watch
}

} // namespace dmaheap
