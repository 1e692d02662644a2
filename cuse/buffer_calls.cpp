// SPDX-License-Identifier: MIT
#include "cuse/buffer_calls.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <unistd.h>

#include <sys/stat.h>

#include "core/extent_bytes.h"
#include "core/extents.h"
#include "cuse/buffer_file.h"
#include "cuse/buffer_ioctl.h"
#include "cuse/buffer_name.h"
#include "cuse/uapi/dma_buf.h"

namespace dmaheap::cuse {

namespace {

constexpr double kForever = 86400; // a buffer's attributes never change
constexpr Bytes kStatBlock = 512;

struct stat attributes_of(std::uint64_t id, Bytes size)
{
    struct stat attributes{};
    attributes.st_ino = id;
    attributes.st_mode = S_IFREG | S_IRUSR | S_IWUSR;
    attributes.st_nlink = 1;
    attributes.st_uid = ::geteuid(); // nothing of an owner that a user namespace has not got
    attributes.st_gid = ::getegid(); // is ever opened for writing
    attributes.st_size = static_cast<off_t>(size);
    attributes.st_blocks = static_cast<blkcnt_t>(size / kStatBlock);
    attributes.st_blksize = static_cast<blksize_t>(page_size());
    return attributes;
}

} // namespace

/// The requests of the mount, as libfuse calls them; all on the serving thread.
struct BufferCalls {
    using File = BufferFileExporter::File;

    /// What an open is noted to be, for its release.
    static constexpr std::uint64_t kPassedThrough = 0;
    static constexpr std::uint64_t kThroughPageCache = 1;

    static BufferFileExporter &exporter_of(fuse_req_t request)
    {
        return *static_cast<BufferFileExporter *>(fuse_req_userdata(request));
    }

    static void init(void *exporter, fuse_conn_info *connection)
    {
        constexpr unsigned kWithPassthrough = 40; // Linux 6.9
        connection->max_write = Channel::kMaxWrite;
        if (static_cast<BufferFileExporter *>(exporter)->passthrough_.wanted() &&
            connection->proto_minor >= kWithPassthrough)
            connection->max_background = LateReleases::kAtOnce;
    }

    static void lookup(fuse_req_t request, fuse_ino_t, const char *name)
    {
        BufferFileExporter &exporter = exporter_of(request);
        std::unique_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(id_of(name));
        if (found == exporter.files_.end())
            return static_cast<void>(fuse_reply_err(request, ENOENT));

        const auto &[id, file] = *found;
        fuse_entry_param entry{}; // not kept by the kernel: the file goes with its last user
        entry.ino = id;
        entry.attr = attributes_of(id, file.size());
        entry.attr_timeout = file.buffer ? kForever : 0;
        lock.unlock(); // who asks goes on at once, and needs it
        fuse_reply_entry(request, &entry);
    }

    static void getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info *)
    {
        BufferFileExporter &exporter = exporter_of(request);
        const std::scoped_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(inode);
        const bool known = found != exporter.files_.end();
        struct stat attributes = attributes_of(inode, known ? found->second.size() : 0);
        if (inode == FUSE_ROOT_ID) {
            attributes.st_mode = S_IFDIR | S_IRWXU;
            exporter.releases_.answer_what_is_owed();
        }
        fuse_reply_attr(request, &attributes, known && found->second.buffer ? kForever : 0);
    }

    static void refuse_setattr(fuse_req_t request, fuse_ino_t, struct stat *, int, fuse_file_info *)
    {
        fuse_reply_err(request, EINVAL);
    }

    /// Only the exporter opens a buffer; /proc/self/fd/N is as closed as a dma-buf's.
    static void open(fuse_req_t request, fuse_ino_t inode, fuse_file_info *info)
    {
        BufferFileExporter &exporter = exporter_of(request);
        std::unique_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(inode);
        if (found == exporter.files_.end() ||
            (found->second.opened && !exporter.reopener_.sends(request)))
            return static_cast<void>(fuse_reply_err(request, ENXIO));

        File &file = found->second;
        file.opened = true;
        ++file.opens;
        exporter.back(file);
        info->fh = file.backing == 0 ? kThroughPageCache : kPassedThrough;
        if (file.backing == 0) {
            ++exporter.cached_opens_;
            exporter.releases_.answer_what_is_owed(); // or what it reads and writes would wait
        }
        info->direct_io = file.backing != 0 ? 1 : 0; // read and write come here, to be refused
        // Others may have it mapped; that of a window is forgotten for a SYNC.
        info->keep_cache = file.backing != 0 || file.window ? 0 : 1;
        lock.unlock(); // as in lookup()
        fuse_reply_open(request, info);
    }

    /// The file itself ends elsewhere: this thread's descriptor table is not the one it is in.
    static void release(fuse_req_t request, fuse_ino_t inode, fuse_file_info *info)
    {
        BufferFileExporter &exporter = exporter_of(request);
        const std::scoped_lock lock(exporter.mutex_);
        exporter.releases_.take(request, exporter.cached_opens_ > 0);
        if (exporter.releases_.owes())
            exporter.wake_teller();
        if (info->fh == kThroughPageCache)
            --exporter.cached_opens_;

        const auto found = exporter.files_.find(inode);
        if (found == exporter.files_.end() || --found->second.opens > 0)
            return;

        if (const auto backing = std::exchange(found->second.backing, 0); backing != 0)
            exporter.passthrough_.close_backing(backing);
        exporter.note_if_unused(inode, found->second);
    }

    static void opendir(fuse_req_t request, fuse_ino_t, fuse_file_info *root)
    {
        exporter_of(request).releases_.begin(request, root);
    }

    static void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info *root)
    {
        exporter_of(request).releases_.end(request, root);
    }

    /// The bytes of a buffer that the page cache asks for, which may be in several files.
    static Result<std::vector<Extent>> memory_of(fuse_req_t request, fuse_ino_t inode, Range range)
    {
        BufferFileExporter &exporter = exporter_of(request);
        const std::scoped_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(inode);
        if (found == exporter.files_.end() || found->second.backing != 0 || !found->second.buffer)
            return failure(EINVAL, "read or write of a buffer");

        const File &file = found->second;
        if (file.buffer->memory().placed())
            return pieces(*exporter.server_, file.buffer->memory(), range);
        return piece_of(*exporter.server_, file.memory(), range);
    }

    /// With a descriptor of the serving thread.
    static Result<std::vector<Extent>> piece_of(const PrivateServer &server, int file, Range range)
    {
        auto fetched = server.fetch(file);
        if (!fetched)
            return std::unexpected(fetched.error());

        std::vector<Extent> pieces;
        pieces.push_back(
            { .file = *std::move(fetched), .offset = range.offset, .size = range.size });
        return pieces;
    }

    /// The same of all the files that the range is in.
    static Result<std::vector<Extent>> pieces(const PrivateServer &server, const Memory &memory,
                                              Range range)
    {
        std::vector<Extent> pieces;
        for (const Extent &extent : memory.extents()) {
            if (range.offset >= extent.size) {
                range.offset -= extent.size;
                continue;
            }
            const Bytes size = std::min(range.size, extent.size - range.offset);
            if (size == 0)
                break;
            auto file = server.fetch(extent.file.get());
            if (!file)
                return std::unexpected(file.error());

            pieces.push_back(
                { .file = *std::move(file), .offset = extent.offset + range.offset, .size = size });
            range = { .offset = 0, .size = range.size - size };
        }
        return pieces;
    }

    static void read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                     fuse_file_info *)
    {
        const auto memory =
            memory_of(request, inode, { .offset = static_cast<Bytes>(offset), .size = size });
        std::vector<char> bytes(size);
        std::size_t got = 0;
        bool done = memory.has_value();
        for (std::size_t at = 0; done && at < memory->size(); ++at) {
            const Extent &piece = (*memory)[at];
            done = read_bytes(piece, std::span(bytes).subspan(got, piece.size)).has_value();
            got += piece.size;
        }
        if (done)
            fuse_reply_buf(request, bytes.data(), got);
        else
            fuse_reply_err(request, EINVAL);
    }

    /// Only what the page cache writes back; a write(2) is refused.
    static void write(fuse_req_t request, fuse_ino_t inode, const char *bytes, std::size_t size,
                      off_t offset, fuse_file_info *info)
    {
        const auto memory =
            info->writepage
                ? memory_of(request, inode, { .offset = static_cast<Bytes>(offset), .size = size })
                : failure(EINVAL, "write of a buffer");
        std::size_t put = 0;
        bool done = memory.has_value();
        for (std::size_t at = 0; done && at < memory->size(); ++at) {
            const Extent &piece = (*memory)[at];
            done = write_bytes(piece, std::span(bytes + put, piece.size)).has_value();
            put += piece.size;
        }
        if (done)
            fuse_reply_write(request, size);
        else
            fuse_reply_err(request, EINVAL);
    }

    static void refuse_fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info *)
    {
        fuse_reply_err(request, EINVAL);
    }

    static void refuse_fallocate(fuse_req_t request, fuse_ino_t, int, off_t, off_t,
                                 fuse_file_info *)
    {
        fuse_reply_err(request, ENODEV);
    }

    static void refuse_lseek(fuse_req_t request, fuse_ino_t, off_t, int, fuse_file_info *)
    {
        fuse_reply_err(request, EINVAL);
    }

    static bool is_window(const BufferFileExporter &exporter, fuse_ino_t inode)
    {
        const auto found = exporter.files_.find(inode);
        return found != exporter.files_.end() && found->second.window;
    }

    static void ioctl(fuse_req_t request, fuse_ino_t inode, unsigned command, void *argument,
                      fuse_file_info *, unsigned, const void *in, std::size_t in_size, std::size_t)
    {
        const auto done = dma_buf_ioctl(fuse_req_ctx(request)->pid, command,
                                        reinterpret_cast<std::uintptr_t>(argument),
                                        { static_cast<const std::byte *>(in), in_size });
        BufferFileExporter &exporter = exporter_of(request);
        if (done && command == uapi::kDmaBufSync) {
            const std::scoped_lock lock(exporter.mutex_);
            if (is_window(exporter, inode))
                return exporter.syncs_->add(inode, delivery::PendingReply(request));
        }
        if (done)
            fuse_reply_ioctl(request, 0, nullptr, 0);
        else
            fuse_reply_err(request, done.error().code);
    }

    static constexpr fuse_lowlevel_ops operations()
    {
        fuse_lowlevel_ops ops{};
        ops.init = init;
        ops.lookup = lookup;
        ops.getattr = getattr;
        ops.setattr = refuse_setattr;
        ops.open = open;
        ops.release = release;
        ops.opendir = opendir;
        ops.releasedir = releasedir;
        ops.read = read;
        ops.write = write;
        ops.fsync = refuse_fsync;
        ops.fallocate = refuse_fallocate;
        ops.lseek = refuse_lseek;
        ops.ioctl = ioctl;
        return ops; // no flush, no poll: the kernel then asks once and never again
    }
};

fuse_lowlevel_ops buffer_operations()
{
    return BufferCalls::operations();
}

} // namespace dmaheap::cuse
