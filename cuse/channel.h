// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <fuse3/fuse_lowlevel.h>

#include "core/result.h"
#include "core/unique_fd.h"

namespace dmaheap::cuse {

/// The options of a session, of which there are none. libfuse adds to them what is to be freed.
struct NoOptions {
    NoOptions() = default;
    NoOptions(const NoOptions &) = delete;
    NoOptions &operator=(const NoOptions &) = delete;
    ~NoOptions() { fuse_opt_free_args(&args); }

    std::array<char *, 1> name{ const_cast<char *>("dmaheapd") };
    fuse_args args = FUSE_ARGS_INIT(static_cast<int>(name.size()), name.data());
};

/// A libfuse session over a descriptor that we have opened ourselves: libfuse's own set-up installs
/// signal handlers and leaks the descriptor to children. Requests are read without waiting, by any
/// number of threads; each is then served on the thread that read it.
class Channel {
public:
    struct Destroy {
        void operator()(fuse_session *session) const { fuse_session_destroy(session); }
    };
    using Session = std::unique_ptr<fuse_session, Destroy>;

    /// Of a mount. Throws std::system_error.
    static Session make_session(const fuse_lowlevel_ops &operations, void *userdata);

    /// Large enough for any request: see room_for_requests().
    using Room = std::unique_ptr<std::byte[]>;

    /// What sessions may agree on with the kernel at most; to be set in their init callback.
    static constexpr unsigned kMaxWrite = 128U << 10;

    /// How a whole reply is written to the kernel, as writev(2); gets the session's userdata.
    using WriteReply = ssize_t (*)(int fd, iovec *ranges, int count, void *userdata);

    /// `fd`: of /dev/fuse or /dev/cuse, opened with O_NONBLOCK. Throws std::system_error.
    Channel(Session session, UniqueFd fd, WriteReply write_reply = write_unchanged);
    Channel(const Channel &) = delete;
    Channel &operator=(const Channel &) = delete;
    ~Channel() = default;

    [[nodiscard]] int fd() const { return fd_; }

    static ssize_t write_unchanged(int fd, iovec *ranges, int count, void *userdata);
    static Room room_for_requests();

    /// Reads one request. EAGAIN when there is none, ENODEV when the connection has ended.
    [[nodiscard]] Result<std::span<std::byte>> receive(Room &room) const;
    void serve(std::span<std::byte> request);

    /// Ends the connection, at any time: what has been asked for is answered to nobody, and no
    /// request comes any more. Its device or mount ends with it.
    void close();

    /// Of a mount: has the kernel forget a name in its root, which is not so any more, or what it
    /// knows of an inode's attributes. Not to be called while requests of the mount wait for the
    /// caller.
    void forget_name(const std::string &name);
    void forget_attributes(fuse_ino_t inode);

private:
    Session session_; ///< owns fd_, too
    int fd_;
};

} // namespace dmaheap::cuse
