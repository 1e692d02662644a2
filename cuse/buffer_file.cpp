// SPDX-License-Identifier: MIT
#include "cuse/buffer_file.h"

#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/sys.h"
#include "cuse/buffer_calls.h"
#include "cuse/buffer_name.h"

namespace dmaheap::cuse {

namespace {

constexpr std::size_t kBlanks = 32;
constexpr std::chrono::milliseconds kBlanksPause{ 20 };
constexpr std::chrono::milliseconds kRest{ 20 };

/// A file cannot be sealed against writing while a shared mapping could write to it. Only for files
/// that nobody will map any more.
bool still_mapped(int memfd)
{
    return ::fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE) == -1 && errno == EBUSY;
}

DetachedMount required_mount()
{
    auto mount =
        make_mount({ .permissions = Permissions::unchecked, .root = S_IFDIR, .place = {} });
    if (!mount)
        throw std::system_error(mount.error().code, std::generic_category(), mount.error().step);
    return *std::move(mount);
}

} // namespace

BufferFileExporter::BufferFileExporter(Backing backing, std::function<void()> on_released)
    : last_id_(FUSE_ROOT_ID), passthrough_(backing == Backing::passthrough),
      on_released_(std::move(on_released)),
      teller_([this](const std::stop_token &stop) { tell_of_released(stop); })
{
    DetachedMount mount = required_mount();
    root_ = std::move(mount.root);
    server_.emplace(
        std::move(mount.channel), [this](UniqueFd fd) { return make_channel(std::move(fd)); },
        [this] { releases_.answer_what_is_owed(); });
    device_ = inode_of(root_.get()).value_or(Inode{}).device;
    mount_ = identity_of(root_.get()).value_or(FileIdentity{}).mount;
    lift_dirty_limit();
    releases_.flush(root_.get()); // has its descriptor from now on
    syncs_.emplace(*server_, [this](std::uint64_t id) { return sync(id); });
    if (has_passthrough())
        blanks_.emplace(kBlanks, kBlanksPause, [this] { return make_blank(); });
}

BufferFileExporter::~BufferFileExporter()
{
    if (syncs_)
        syncs_->stop();
}

/// Passthrough shows a whole file, and one of which still_mapped() can tell: that can be sealed.
bool BufferFileExporter::is_window(const Memory &memory)
{
    return !is_a_whole_file(memory) || is_of_named_file(memory);
}

std::unique_ptr<Channel> BufferFileExporter::make_channel(UniqueFd fd)
{
    auto session = Channel::make_session(buffer_operations(), this);
    passthrough_.use(fd.get());
    return std::make_unique<Channel>(std::move(session), std::move(fd), write_reply);
}

Result<UniqueFd> BufferFileExporter::export_buffer(Buffer buffer, unsigned fd_flags)
{
    const auto mode = static_cast<int>(fd_flags & O_ACCMODE);
    if (blanks_ && mode == O_RDWR && !buffer.memory().placed())
        if (auto blank = blanks_->take())
            return fill_blank(*std::move(blank), std::move(buffer));

    if (auto placed = buffer.memory().place(); !placed)
        return std::unexpected(placed.error());

    File file{};
    file.window = is_window(buffer.memory());
    file.buffer.emplace(std::move(buffer));
    auto opened = add_and_open(std::move(file), mode);
    if (!opened)
        return std::unexpected(opened.error());

    return std::move(opened->file);
}

void BufferFileExporter::note_if_unused(std::uint64_t id, const File &file)
{
    if (file.opens > 0 || file.holds > 0)
        return;

    released_.push_back(id);
    if (released_.size() > 1)
        return; // reap() is wanted already

    untold_ = true;
    wake_teller();
}

void BufferFileExporter::wake_teller()
{
    if (!resting_)
        news_.notify_one();
}

/// The thread that serves the mount cannot tell: it has a descriptor table of its own, in which
/// what `on_released` works with is closed. After it has told it rests, and after that it asks for
/// the releases that have been kept back meanwhile, so that a program that allocates and closes all
/// the time wakes nobody each time.
void BufferFileExporter::tell_of_released(const std::stop_token &stop)
{
    std::unique_lock lock(mutex_);
    while (news_.wait(lock, stop, [this] { return untold_ || releases_.owes(); })) {
        const bool untold = std::exchange(untold_, false);
        lock.unlock();
        if (untold)
            on_released_();
        lock.lock();
        resting_ = true;
        news_.wait_for(lock, stop, kRest, [] { return false; });
        resting_ = false;
        if (!releases_.owes())
            continue;
        lock.unlock();
        releases_.flush(root_.get());
        lock.lock();
    }
}

/// For the serving thread: gives the file that is being opened its backing, if there can be one.
void BufferFileExporter::back(File &file)
{
    if (file.window)
        return;
    if (file.backing != 0)
        return passthrough_.back_next_open_again(file.backing);

    const auto memory = server_->fetch(file.memory());
    const auto backing =
        memory ? passthrough_.back_next_open(memory->get()) : std::unexpected(memory.error());
    file.backing = backing.value_or(0);
}

bool BufferFileExporter::reap()
{
    releases_.flush(root_.get());
    return end_released();
}

/// Returns whether there are some that are still mapped. Memory goes home with other threads at
/// work, but not with others that end buffers: they would miss it.
bool BufferFileExporter::end_released()
{
    const std::scoped_lock one_by_one(ending_);
    std::vector<decltype(files_)::node_type> ended;
    const std::scoped_lock lock(mutex_);
    std::erase_if(released_, [&](std::uint64_t id) {
        const auto file = files_.find(id);
        if (file == files_.end() || file->second.opens > 0 || file->second.holds > 0)
            return true; // somebody has got hold of it again, and lets go of it again
        if (still_mapped(file->second.memory()))
            return false;

        ended.push_back(files_.extract(file));
        return true;
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

/// For an open that does not keep the page cache, the kernel writes back what is dirty, and forgets
/// it all: who has it mapped reads anew.
Status BufferFileExporter::sync(std::uint64_t id)
{
    const auto opened = open_again(id);
    return opened ? Status() : std::unexpected(opened.error());
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
