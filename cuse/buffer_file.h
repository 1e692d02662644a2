// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/exporter.h"
#include "cuse/buffer_sync.h"
#include "cuse/channel.h"
#include "cuse/fuse_mount.h"
#include "cuse/late_releases.h"
#include "cuse/passthrough.h"
#include "cuse/private_server.h"
#include "cuse/sole_opener.h"
#include "cuse/stock.h"

namespace dmaheap::cuse {

/// Buffers for kernels without udmabuf: files of a private FUSE mount that nobody can see, which
/// behave like dma-bufs towards user space. No driver can import them.
///
/// Each is backed by its memory through passthrough where the kernel has it, so that mapping it
/// costs what mapping the memory costs; else it goes through the page cache, with the mount's limit
/// on dirty pages lifted.
///
/// The kernel tells when the last descriptor is gone. With passthrough that is not the end: a
/// mapping holds the memory itself. What is still mapped then is looked after by reap(), which sees
/// shared mappings of a descriptor that could write; others, it takes for gone. A thread of its own
/// serves the mount, because the threads that allocate open files of it; and a few files are opened
/// ahead of need, because that takes two round trips to it.
class BufferFileExporter final : public Exporter {
public:
    enum class Backing { passthrough, page_cache };

    /// `on_released` is called, on a thread of ours with the process's descriptors, when there are
    /// buffers that nobody has a descriptor of any more: from then on reap() is wanted. Throws
    /// std::system_error.
    BufferFileExporter(Backing backing, std::function<void()> on_released);
    BufferFileExporter(const BufferFileExporter &) = delete;
    BufferFileExporter &operator=(const BufferFileExporter &) = delete;
    ~BufferFileExporter() override;

    /// Whether the kernel has taken up passthrough.
    [[nodiscard]] bool has_passthrough() const { return passthrough_.available(); }

    [[nodiscard]] const char *name() const override
    {
        return has_passthrough() ? "buffer-file" : "buffer-file-cached";
    }

    /// Memory that is not the whole of a memfd goes through the page cache, even with passthrough:
    /// it agrees with its files when a client has closed or unmapped it, or after a SYNC.
    Result<UniqueFd> export_buffer(Buffer buffer, unsigned fd_flags) override;

    Result<std::unique_ptr<SharedBuffer>> share(Buffer buffer) override;
    Result<std::unique_ptr<SharedBuffer>> find_shared(const FileIdentity &file) override;

    [[nodiscard]] bool shows_named_files() const override { return true; }

    /// Waits until the kernel has told of all that have ended, too.
    bool reap() override;

private:
    friend struct BufferCalls;
    class Hold;

    /// A file of the mount, from before it is opened until the kernel releases it.
    struct File {
        UniqueFd own_memory;          ///< of a file that was opened ahead of need
        std::optional<Buffer> buffer; ///< nothing yet: opened ahead of need
        bool opened = false;          ///< as often as we want to; nobody else may
        unsigned opens = 0;           ///< that the kernel has not released
        unsigned holds = 0;           ///< of a shared one
        bool shared = false;
        bool window = false;      ///< of parts of files, or of one that others have, too
        std::int32_t backing = 0; ///< of passthrough; 0: none

        [[nodiscard]] int memory() const;
        [[nodiscard]] Bytes size() const { return buffer ? buffer->size() : 0; }
    };

    /// A file that is open already and waits for a buffer.
    struct Blank {
        std::uint64_t id; ///< the inode's number
        UniqueFd file;    ///< O_RDWR
    };

    static bool is_window(const Memory &memory);
    Result<UniqueFd> fill_blank(Blank blank, Buffer buffer);
    Result<Blank> make_blank();
    Result<Blank> add_and_open(File file, int mode);
    std::unique_ptr<Channel> make_channel(UniqueFd fd);
    bool end_released();
    void tell_of_released(const std::stop_token &stop);
    void wake_teller();
    void note_if_unused(std::uint64_t id, const File &file);
    void back(File &file);
    Result<UniqueFd> open_again(std::uint64_t id);
    Status sync(std::uint64_t id);
    void let_go(std::uint64_t id);
    void lift_dirty_limit() const;
    static ssize_t write_reply(int fd, iovec *ranges, int count, void *exporter);

    SoleOpener reopener_;
    std::mutex ending_; ///< of what is released; before mutex_
    std::mutex mutex_;
    std::uint64_t last_id_;               ///< never used twice
    std::map<std::uint64_t, File> files_; ///< by the inode's number
    std::vector<std::uint64_t> released_; ///< no descriptor or hold is left; perhaps still mapped
    std::uint64_t mount_ = 0;             ///< id of ours

    Passthrough passthrough_;
    UniqueFd root_;
    dev_t device_ = 0; ///< of the mount, as fstat(2) tells it of each buffer
    std::function<void()> on_released_;
    LateReleases releases_;
    unsigned cached_opens_ = 0; ///< of files in the page cache, which the kernel writes back and
                                ///< reads ahead in the order of the releases
    bool untold_ = false;       ///< that there is something in released_
    bool resting_ = false;      ///< the teller, which looks by itself when it has rested
    std::condition_variable_any news_;
    std::jthread teller_;
    std::optional<BufferSync> syncs_; ///< the server adds to it to its end; stopped before that
    std::optional<PrivateServer> server_;
    std::optional<Stock<Blank>> blanks_; ///< with passthrough only; ends before what answers it
};

} // namespace dmaheap::cuse
