// SPDX-License-Identifier: MIT
#include "cuse/channel.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <linux/fuse.h>
#include <sys/uio.h>

namespace dmaheap::cuse {

namespace {

constexpr std::size_t kRoom = std::size_t{ 2 } << 20; // libfuse's own requests are below half of it

ssize_t read_request(int fd, void *into, std::size_t size, void * /*userdata*/)
{
    return ::read(fd, into, size);
}

/// Tells the kernel not to report signals of waiting clients: our answers do not take long, and
/// PTRACE_INTERRUPT, which looks like a signal there, need not wake the client twice.
void want_no_interrupts(int fd, const fuse_in_header &request)
{
    fuse_out_header reply{};
    reply.len = sizeof reply;
    reply.error = -ENOSYS;
    reply.unique = request.unique;
    // ENOENT when the request has been answered meanwhile; the next one will tell it.
    static_cast<void>(!::write(fd, &reply, sizeof reply));
}

} // namespace

Channel::Session Channel::make_session(const fuse_lowlevel_ops &operations, void *userdata)
{
    NoOptions none;
    Session session(fuse_session_new(&none.args, &operations, sizeof operations, userdata));
    if (!session)
        throw std::system_error(EINVAL, std::generic_category(), "fuse_session_new");

    return session;
}

Channel::Channel(Session session, UniqueFd fd, WriteReply write_reply)
    : session_(std::move(session)), fd_(fd.get())
{
    fuse_custom_io io{};
    io.writev = write_reply;
    io.read = read_request;
    if (const int error = fuse_session_custom_io(session_.get(), &io, fd_); error != 0)
        throw std::system_error(-error, std::generic_category(), "fuse_session_custom_io");
    static_cast<void>(fd.release());
}

ssize_t Channel::write_unchanged(int fd, iovec *ranges, int count, void * /*userdata*/)
{
    return ::writev(fd, ranges, count);
}

Channel::Room Channel::room_for_requests()
{
    // No vector leaves its room untouched: NOLINTNEXTLINE(modernize-avoid-c-arrays)
    return std::make_unique_for_overwrite<std::byte[]>(kRoom);
}

Result<std::span<std::byte>> Channel::receive(Room &room) const
{
    const auto size = check("read of a request", ::read(fd_, room.get(), kRoom));
    if (!size)
        return std::unexpected(size.error());
    if (*size == 0)
        return failure(ENODEV, "read of a request"); // closed

    return std::span(room.get(), static_cast<std::size_t>(*size));
}

/// Others may be at it: the number stays taken, by a pipe at its end. It can be polled, as a server
/// will still try, and takes no answers.
void Channel::close()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == -1)
        return;

    const UniqueFd nowhere(ends[0]);
    const UniqueFd unused(ends[1]);
    ::dup3(nowhere.get(), fd_, O_CLOEXEC);
}

void Channel::forget_name(const std::string &name)
{
    fuse_lowlevel_notify_inval_entry(session_.get(), FUSE_ROOT_ID, name.c_str(), name.size());
}

void Channel::forget_attributes(fuse_ino_t inode)
{
    constexpr off_t kNoData = -1;
    fuse_lowlevel_notify_inval_inode(session_.get(), inode, kNoData, 0);
}

void Channel::serve(std::span<std::byte> request)
{
    const auto &header = *reinterpret_cast<const fuse_in_header *>(request.data());
    if (header.opcode == FUSE_INTERRUPT)
        return want_no_interrupts(fd_, header);

    fuse_buf buffer{};
    buffer.mem = request.data();
    buffer.size = request.size();
    fuse_session_process_buf(session_.get(), &buffer);
}

} // namespace dmaheap::cuse
