// SPDX-License-Identifier: MIT
#include "cuse/buffer_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/sys.h"
#include "cuse/buffer_ioctl.h"

namespace dmaheap::cuse {

namespace {

constexpr double kForever = 86400; // a buffer's attributes never change
constexpr Bytes kStatBlock = 512;
constexpr std::size_t kBlanks = 32;
constexpr std::chrono::milliseconds kBlanksPause{ 20 };

/// A file cannot be sealed against writing while a shared mapping could write to it. Only for files
/// that nobody will map any more.
bool still_mapped(int memfd)
{
    return ::fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) == -1 && errno == EBUSY;
}

DetachedMount required_mount()
{
    auto mount = make_mount(Permissions::unchecked);
    if (!mount)
        throw std::system_error(mount.error().code, std::generic_category(), mount.error().step);
    return *std::move(mount);
}

/// Programs know dma-bufs by what /proc/self/fd/N links to, "/dmabuf:NAME" in the kernel. For a
/// file that is its path: here "/dmabuf:7".
constexpr std::string_view kNamePrefix = "dmabuf:";

std::string name_of(std::uint64_t id)
{
    return std::string(kNamePrefix) + std::to_string(id);
}

/// 0, which no file has, for other names.
std::uint64_t id_of(std::string_view name)
{
    std::uint64_t id = 0;
    if (name.starts_with(kNamePrefix))
        std::from_chars(name.data() + kNamePrefix.size(), name.data() + name.size(), id);
    return id;
}

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

    static BufferFileExporter &exporter_of(fuse_req_t request)
    {
        return *static_cast<BufferFileExporter *>(fuse_req_userdata(request));
    }

    static void init(void * /*exporter*/, fuse_conn_info *connection)
    {
        connection->max_write = Channel::kMaxWrite;
    }

    static void lookup(fuse_req_t request, fuse_ino_t, const char *name)
    {
        BufferFileExporter &exporter = exporter_of(request);
        const std::scoped_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(id_of(name));
        if (found == exporter.files_.end())
            return static_cast<void>(fuse_reply_err(request, ENOENT));

        const auto &[id, file] = *found;
        fuse_entry_param entry{}; // not kept by the kernel: the file goes with its last user
        entry.ino = id;
        entry.attr = attributes_of(id, file.size());
        entry.attr_timeout = file.buffer ? kForever : 0;
        fuse_reply_entry(request, &entry);
    }

    static void getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info *)
    {
        BufferFileExporter &exporter = exporter_of(request);
        const std::scoped_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(inode);
        const bool known = found != exporter.files_.end();
        struct stat attributes = attributes_of(inode, known ? found->second.size() : 0);
        if (inode == FUSE_ROOT_ID)
            attributes.st_mode = S_IFDIR | S_IRWXU;
        fuse_reply_attr(request, &attributes, known && found->second.buffer ? kForever : 0);
    }

    static void refuse_setattr(fuse_req_t request, fuse_ino_t, struct stat *, int, fuse_file_info *)
    {
        fuse_reply_err(request, EINVAL);
    }

    /// Only the exporter opens a buffer, once; /proc/self/fd/N is as closed as a dma-buf's.
    static void open(fuse_req_t request, fuse_ino_t inode, fuse_file_info *info)
    {
        BufferFileExporter &exporter = exporter_of(request);
        const std::scoped_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(inode);
        if (found == exporter.files_.end() || std::exchange(found->second.opened, true))
            return static_cast<void>(fuse_reply_err(request, ENXIO));

        File &file = found->second;
        ++file.opens;
        exporter.back(file);
        info->direct_io = file.backing != 0 ? 1 : 0;  // read and write come here, to be refused
        info->keep_cache = file.backing != 0 ? 0 : 1; // others may have it mapped
        fuse_reply_open(request, info);
    }

    /// The file itself ends elsewhere: this thread's descriptor table is not the one it is in.
    static void release(fuse_req_t request, fuse_ino_t inode, fuse_file_info *)
    {
        BufferFileExporter &exporter = exporter_of(request);
        fuse_reply_err(request, 0);
        const std::scoped_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(inode);
        if (found == exporter.files_.end() || --found->second.opens > 0)
            return;

        if (const auto backing = std::exchange(found->second.backing, 0); backing != 0)
            exporter.passthrough_.close_backing(backing);
        exporter.note_if_unused(inode, found->second);
    }

    /// The memory of a buffer that the page cache asks for.
    static Result<UniqueFd> memory_of(fuse_req_t request, fuse_ino_t inode)
    {
        BufferFileExporter &exporter = exporter_of(request);
        const std::scoped_lock lock(exporter.mutex_);
        const auto found = exporter.files_.find(inode);
        if (found == exporter.files_.end() || found->second.backing != 0)
            return failure(EINVAL, "read or write of a buffer");

        return exporter.server_->fetch(found->second.memory());
    }

    static void read(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                     fuse_file_info *)
    {
        const auto memory = memory_of(request, inode);
        std::vector<char> bytes(size);
        const ssize_t got = memory ? ::pread(memory->get(), bytes.data(), size, offset) : -1;
        if (got < 0)
            fuse_reply_err(request, EINVAL);
        else
            fuse_reply_buf(request, bytes.data(), static_cast<std::size_t>(got));
    }

    static void write(fuse_req_t request, fuse_ino_t inode, const char *bytes, std::size_t size,
                      off_t offset, fuse_file_info *info)
    {
        // Only what the page cache writes back; a write(2) is refused.
        const auto memory =
            info->writepage ? memory_of(request, inode) : failure(EINVAL, "write of a buffer");
        const ssize_t put = memory ? ::pwrite(memory->get(), bytes, size, offset) : -1;
        if (put < 0)
            fuse_reply_err(request, EINVAL);
        else
            fuse_reply_write(request, static_cast<std::size_t>(put));
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

    static void ioctl(fuse_req_t request, fuse_ino_t, unsigned command, void *argument,
                      fuse_file_info *, unsigned, const void *in, std::size_t in_size, std::size_t)
    {
        const auto done = dma_buf_ioctl(fuse_req_ctx(request)->pid, command,
                                        reinterpret_cast<std::uintptr_t>(argument),
                                        { static_cast<const std::byte *>(in), in_size });
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
        ops.read = read;
        ops.write = write;
        ops.fsync = refuse_fsync;
        ops.fallocate = refuse_fallocate;
        ops.lseek = refuse_lseek;
        ops.ioctl = ioctl;
        return ops; // no flush, no poll: the kernel then asks once and never again
    }
};

BufferFileExporter::BufferFileExporter(Backing backing, std::function<void()> on_released)
    : last_id_(FUSE_ROOT_ID), passthrough_(backing == Backing::passthrough),
      on_released_(std::move(on_released)),
      teller_([this](const std::stop_token &stop) { tell_of_released(stop); })
{
    DetachedMount mount = required_mount();
    root_ = std::move(mount.root);
    server_.emplace(std::move(mount.channel),
                    [this](UniqueFd fd) { return make_channel(std::move(fd)); });
    device_ = Ledger::file_of(root_.get()).device;
    mount_ = identity_of(root_.get()).value_or(FileIdentity{}).mount;
    lift_dirty_limit();
    if (has_passthrough())
        blanks_.emplace(kBlanks, kBlanksPause, [this] { return make_blank(); });
}

std::unique_ptr<Channel> BufferFileExporter::make_channel(UniqueFd fd)
{
    static constexpr fuse_lowlevel_ops kOperations = BufferCalls::operations();
    std::array<char *, 1> arguments{ const_cast<char *>("dmaheapd") };
    fuse_args args = FUSE_ARGS_INIT(arguments.size(), arguments.data());
    Channel::Session session(fuse_session_new(&args, &kOperations, sizeof kOperations, this));
    if (!session)
        throw std::system_error(EINVAL, std::generic_category(), "fuse_session_new");

    passthrough_.use(fd.get());
    return std::make_unique<Channel>(std::move(session), std::move(fd), write_reply);
}

Result<UniqueFd> BufferFileExporter::export_buffer(Buffer buffer, unsigned fd_flags)
{
    if (buffer.memory().extents().size() > 1)
        return failure(EOPNOTSUPP, "buffer file over more than one extent");

    const auto mode = static_cast<int>(fd_flags & O_ACCMODE);
    if (blanks_ && mode == O_RDWR && !buffer.memory().placed())
        if (auto blank = blanks_->take())
            return fill_blank(*std::move(blank), std::move(buffer));

    if (auto placed = buffer.memory().place(); !placed)
        return std::unexpected(placed.error());

    File file{};
    file.buffer.emplace(std::move(buffer));
    auto opened = add_and_open(std::move(file), mode);
    if (!opened)
        return std::unexpected(opened.error());

    return std::move(opened->file);
}

/// A hold on a file: as long as there is one, it can be opened again. One file has one inode and
/// one page cache, so that all who map it see the same, whatever it is backed by.
class BufferFileExporter::Hold final : public SharedBuffer {
public:
    /// Takes over a hold that has been counted.
    Hold(BufferFileExporter &exporter, std::uint64_t id) : exporter_(exporter), id_(id) {}
    Hold(const Hold &) = delete;
    Hold &operator=(const Hold &) = delete;
    ~Hold() override { exporter_.let_go(id_); }

    [[nodiscard]] std::uint64_t id() const override { return id_; }
    Result<UniqueFd> export_again() override { return exporter_.open_again(id_); }

private:
    BufferFileExporter &exporter_;
    std::uint64_t id_;
};

Result<std::unique_ptr<SharedBuffer>> BufferFileExporter::share(Buffer buffer)
{
    if (buffer.memory().extents().size() > 1)
        return failure(EOPNOTSUPP, "buffer file over more than one extent");
    if (auto placed = buffer.memory().place(); !placed)
        return std::unexpected(placed.error());

    const std::scoped_lock lock(mutex_);
    const std::uint64_t id = ++last_id_;
    buffer.set_file({ .device = device_, .inode = id });
    File file{};
    file.buffer.emplace(std::move(buffer));
    file.opened = true;
    file.shared = true;
    file.holds = 1;
    files_.emplace(id, std::move(file));
    return std::make_unique<Hold>(*this, id);
}

Result<std::unique_ptr<SharedBuffer>> BufferFileExporter::find_shared(const FileIdentity &file)
{
    const std::scoped_lock lock(mutex_);
    const auto found = file.mount == mount_ ? files_.find(file.inode) : files_.end();
    if (found == files_.end() || !found->second.shared)
        return failure(EINVAL, "file that is no shared buffer");

    ++found->second.holds;
    return std::make_unique<Hold>(*this, file.inode);
}

Result<UniqueFd> BufferFileExporter::open_again(std::uint64_t id)
{
    const std::scoped_lock one_by_one(reopening_);
    set_opened(id, false);
    auto opened = sys::open_at(root_.get(), name_of(id).c_str(), O_RDWR);
    set_opened(id, true);
    return opened;
}

void BufferFileExporter::set_opened(std::uint64_t id, bool opened)
{
    const std::scoped_lock lock(mutex_);
    files_.at(id).opened = opened;
}

void BufferFileExporter::let_go(std::uint64_t id)
{
    const std::scoped_lock lock(mutex_);
    File &file = files_.at(id);
    --file.holds;
    note_if_unused(id, file);
}

void BufferFileExporter::note_if_unused(std::uint64_t id, const File &file)
{
    if (file.opens > 0 || file.holds > 0)
        return;

    released_.push_back(id);
    if (released_.size() > 1)
        return; // reap() is wanted already

    untold_ = true;
    news_.notify_one();
}

/// The thread that serves the mount cannot tell: it has a descriptor table of its own, in which
/// what `on_released` works with is closed.
void BufferFileExporter::tell_of_released(const std::stop_token &stop)
{
    std::unique_lock lock(mutex_);
    while (news_.wait(lock, stop, [this] { return std::exchange(untold_, false); })) {
        lock.unlock();
        on_released_();
        lock.lock();
    }
}

/// For the serving thread: gives the file that is being opened its backing, if there can be one.
void BufferFileExporter::back(File &file)
{
    if (file.backing != 0)
        return passthrough_.back_next_open_again(file.backing);

    const auto memory = server_->fetch(file.memory());
    const auto backing =
        memory ? passthrough_.back_next_open(memory->get()) : std::unexpected(memory.error());
    file.backing = backing.value_or(0);
}

bool BufferFileExporter::reap()
{
    struct stat status{}; // not cached: a request, served after the releases that came before it
    ::fstat(root_.get(), &status);

    return end_released();
}

/// Returns whether there are some that are still mapped.
bool BufferFileExporter::end_released()
{
    const std::scoped_lock lock(mutex_);
    std::erase_if(released_, [this](std::uint64_t id) {
        const auto file = files_.find(id);
        if (file == files_.end() || file->second.opens > 0 || file->second.holds > 0)
            return true; // somebody has got hold of it again, and lets go of it again

        const bool ended = !still_mapped(file->second.memory());
        if (ended)
            files_.erase(file);
        return ended;
    });
    return !released_.empty();
}

int BufferFileExporter::File::memory() const
{
    return buffer && buffer->memory().placed() ? buffer->memory().extents().front().file.get()
                                               : own_memory.get();
}

Result<UniqueFd> BufferFileExporter::fill_blank(Blank blank, Buffer buffer)
{
    const std::scoped_lock lock(mutex_);
    File &file = files_.at(blank.id);
    const auto size = static_cast<off_t>(buffer.size());
    if (auto grown = check_done("ftruncate", ::ftruncate(file.memory(), size)); !grown)
        return std::unexpected(grown.error());

    buffer.set_file({ .device = device_, .inode = blank.id });
    file.buffer.emplace(std::move(buffer));
    return std::move(blank.file);
}

Result<BufferFileExporter::Blank> BufferFileExporter::make_blank()
{
    end_released(); // while there is time

    auto memory = sys::memfd("dmaheapd-buffer", 0);
    if (!memory)
        return std::unexpected(memory.error());

    File file{};
    file.own_memory = *std::move(memory);
    return add_and_open(std::move(file), O_RDWR);
}

Result<BufferFileExporter::Blank> BufferFileExporter::add_and_open(File file, int mode)
{
    std::uint64_t id = 0;
    {
        const std::scoped_lock lock(mutex_);
        id = ++last_id_;
        if (file.buffer)
            file.buffer->set_file({ .device = device_, .inode = id });
        files_.emplace(id, std::move(file));
    }
    auto opened = sys::open_at(root_.get(), name_of(id).c_str(), mode);
    if (!opened) {
        const std::scoped_lock lock(mutex_);
        files_.erase(id);
        return std::unexpected(opened.error());
    }
    return Blank{ .id = id, .file = *std::move(opened) };
}

/// FUSE mounts may have few dirty pages, so a buffer in the page cache would be written back all
/// the time. Both limits are root's to set; without them it is slow, and works.
void BufferFileExporter::lift_dirty_limit() const
{
    struct stat status{};
    if (::fstat(root_.get(), &status) == -1)
        return;

    const std::string limits = "/sys/class/bdi/" + std::to_string(major(status.st_dev)) + ":" +
                               std::to_string(minor(status.st_dev)) + "/";
    static_cast<void>(sys::write_text((limits + "strict_limit").c_str(), "0"));
    static_cast<void>(sys::write_text((limits + "max_ratio").c_str(), "100"));
}

ssize_t BufferFileExporter::write_reply(int /*fd*/, iovec *ranges, int count, void *exporter)
{
    auto &passthrough = static_cast<BufferFileExporter *>(exporter)->passthrough_;
    return passthrough.write_reply({ ranges, static_cast<std::size_t>(count) });
}

} // namespace dmaheap::cuse
