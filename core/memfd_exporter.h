// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/exporter.h"
#include "core/inode.h"

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
    /// All descriptors of a shared buffer are of one file.
    Result<std::unique_ptr<SharedBuffer>> share(Buffer buffer) override;
    Result<std::unique_ptr<SharedBuffer>> find_shared(const FileIdentity &dma_buf) override;
    bool reap() override;

    /// Whether the file is one of the live buffers.
    [[nodiscard]] bool holds(const Inode &file) const;

private:
    class Hold;

    struct Live {
        UniqueFd own_memory; ///< of a buffer whose memory is not handed out
        Buffer buffer;
        Inode file;
        std::optional<FileIdentity> shared_as = std::nullopt;
        int open_files = 0;
        int holds = 0;

        [[nodiscard]] int memfd() const;
        /// Whether anybody has it open but us. Of a shared one, whose descriptors can all be
        /// written to, the kernel knows: generic_setlease() gives no read lease then, and does
        /// not count the file that memfd_create(2) made.
        [[nodiscard]] bool is_open() const;
    };
    using Watched = std::map<int, Live>; ///< by inotify's number of the watch

    MemfdExporter(UniqueFd events, std::function<void()> on_live)
        : events_(std::move(events)), on_live_(std::move(on_live))
    {
    }
    static Result<Live> made_whole(Buffer buffer);
    Result<Watched::iterator> watch(Live live);
    std::unique_ptr<SharedBuffer> hold(Watched::iterator live);
    void let_go(int watch);
    void end_shared();
    void end_if_unused(Watched::iterator live);
    void end(Live live);
    void take_events();
    void take_event(int watch, std::uint32_t what);

    UniqueFd events_;
    std::function<void()> on_live_;
    mutable std::mutex mutex_;
    Watched live_;
    std::vector<Live> ended_;            ///< small ones, whose files are still to be closed
    std::set<Inode> files_;              ///< of the live ones
    std::map<FileIdentity, int> shared_; ///< the watches of those that are shared
};

} // namespace dmaheap
