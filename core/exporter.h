// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/buffer.h"
#include "core/file_identity.h"
#include "core/inheritance.h"
#include "core/shared_buffer.h"

namespace dmaheap {

/// Makes dma-bufs, and knows when one has ended. Thread-safe.
class Exporter {
public:
    Exporter() = default;
    Exporter(const Exporter &) = delete;
    Exporter &operator=(const Exporter &) = delete;
    virtual ~Exporter() = default;

    /// What people call it.
    [[nodiscard]] virtual const char *name() const { return "memory"; }

    /// A descriptor of a new dma-buf over the buffer's memory. The exporter keeps the buffer until
    /// nobody outside of the daemon holds the dma-buf any more: no descriptor (in a process or
    /// under way in a socket), no mapping, no importing driver.
    ///
    /// `fd_flags`: the access mode, O_RDONLY, O_WRONLY or O_RDWR, as far as the exporter can give
    /// it. The descriptor is close-on-exec in the daemon whatever they say.
    virtual Result<UniqueFd> export_buffer(Buffer buffer, unsigned fd_flags) = 0;

    /// A hold on a buffer that is to be exported any number of times, or never. EOPNOTSUPP when the
    /// exporter cannot.
    virtual Result<std::unique_ptr<SharedBuffer>> share(Buffer /*buffer*/)
    {
        return failure(EOPNOTSUPP, "exporter that makes one descriptor of each buffer");
    }

    /// Another hold on the shared buffer that a dma-buf shows. EINVAL for any other file.
    virtual Result<std::unique_ptr<SharedBuffer>> find_shared(const FileIdentity & /*dma_buf*/)
    {
        return failure(EINVAL, "file that is no shared buffer");
    }

    /// Whether it shows any extents of files, also several of them; else only whole files.
    [[nodiscard]] virtual bool shows_extents() const { return false; }

    /// Whether nobody can reach the memory of a buffer that has ended by what the buffer was: no
    /// file that a client had, no page that a pipe or an asynchronous read still holds. Such
    /// memory can be wiped and used again; else it takes new pages.
    [[nodiscard]] virtual bool leaves_memory() const { return false; }

    /// Whether it shows parts of a file that has a name: what others write into the file is seen in
    /// the buffer, and the other way round, at the latest after a SYNC.
    [[nodiscard]] virtual bool shows_named_files() const { return false; }

    /// Does what it can ahead of the export of this memory, so that export_buffer() takes no time
    /// that grows with the size. Keeps it with the memory. Must not be called under a lock that a
    /// Memory::Home takes.
    virtual Status prepare(Memory & /*memory*/) { return {}; }

    /// The memory of a buffer that was live before this exporter.
    using MemoryOf = std::function<Memory(const LiveState::Row &buffer)>;

    /// Has the exporter note its buffers where they outlive it, and charges those that are live
    /// from an earlier one to the ledger, which must outlive the exporter. To be called before
    /// there is a buffer. EOPNOTSUPP when it cannot. After an error nothing is charged.
    virtual Result<Estate> leave_estate(Ledger & /*ledger*/, std::optional<Inheritance> /*earlier*/,
                                        const MemoryOf & /*memory_of*/)
    {
        return failure(EOPNOTSUPP, "buffers that end with the daemon's own files");
    }

    /// Ends the buffers that nobody holds any more, for exporters that are not told. Returns
    /// whether there are live buffers that need a further look.
    virtual bool reap() = 0;
};

} // namespace dmaheap
