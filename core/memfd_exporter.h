// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include <sys/types.h>

#include "core/exporter.h"

namespace dmaheap {

/// Buffers that are memfds: as fast as memory, no privilege is needed, no driver imports them, and
/// what a dma-buf answers to an ioctl, somebody else has to answer for them (see holds()).
///
/// Each is opened once more for the client. The kernel tells (inotify) when that open file ends,
/// which is when its last descriptor and its last mapping have gone; so the end is seen exactly.
class MemfdExporter final : public Exporter {
public:
    /// `on_live` is called when there is a live buffer after there was none: from then on reap()
    /// is wanted. EMFILE at the user's limit of inotify instances.
    static Result<std::unique_ptr<MemfdExporter>> open(std::function<void()> on_live);

    /// Memory that is a part of something larger is not handed out: it is kept, and the client has
    /// as many zeroes of its own. ENOSPC at the user's limit of inotify watches.
    Result<UniqueFd> export_buffer(Buffer buffer, unsigned fd_flags) override;
    bool reap() override;

    /// Whether the file is one of the live buffers.
    [[nodiscard]] bool holds(dev_t device, ino_t inode) const;

private:
    struct Live {
        UniqueFd own_memory; ///< of a buffer whose memory is not handed out
        Buffer buffer;
        Ledger::File file;
        int open_files = 0;
    };

    MemfdExporter(UniqueFd events, std::function<void()> on_live)
        : events_(std::move(events)), on_live_(std::move(on_live))
    {
    }
    Result<UniqueFd> watch_and_open(Live live, int memfd, int mode);
    void take_events();
    void take_event(int watch, std::uint32_t what);

    UniqueFd events_;
    std::function<void()> on_live_;
    mutable std::mutex mutex_;
    std::map<int, Live> live_;     ///< by inotify's number of the watch
    std::set<Ledger::File> files_; ///< of the live ones
};

} // namespace dmaheap
