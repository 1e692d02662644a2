// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/unique_fd.h"
#include "cuse/channel.h"

namespace dmaheap::cuse {

/// Serves a mount that the daemon itself opens files of, from one thread with a descriptor table of
/// its own.
///
/// The kernel does not let go of a thread whose open has been read and not answered, not even for
/// SIGKILL, until the connection ends; and the connection ends with the last descriptor of it. If
/// the waiting thread shared the table that the descriptor is in, a daemon that is killed at such a
/// moment would never end. Here the descriptor goes with the serving thread.
class PrivateServer {
public:
    /// Made on the serving thread, of the descriptor in that thread's table.
    using MakeChannel = std::function<std::unique_ptr<Channel>(UniqueFd)>;

    /// Starts serving. `at_end` is done on the serving thread when it serves nothing any more, but
    /// what it owes can still be answered. Throws std::system_error, or what `make` throws.
    PrivateServer(UniqueFd channel, MakeChannel make, std::function<void()> at_end = [] {});
    PrivateServer(const PrivateServer &) = delete;
    PrivateServer &operator=(const PrivateServer &) = delete;
    ~PrivateServer();

    /// For the serving thread: a duplicate of a descriptor of the process in the thread's own
    /// table.
    [[nodiscard]] Result<UniqueFd> fetch(int fd) const;

    /// Has it done on the serving thread, soon, and before the server's end at the latest.
    void post(std::move_only_function<void()> work);

private:
    void run(int channel_fd, const MakeChannel &make, std::promise<void> &started,
             const std::function<void()> &at_end);
    void leave_shared_table(int channel_fd) const;
    void serve(Channel &channel);
    void do_posted();

    UniqueFd process_; ///< a pidfd of our own
    UniqueFd stop_;
    UniqueFd posted_; ///< an eventfd: look into `work_`
    std::mutex mutex_;
    std::vector<std::move_only_function<void()>> work_;
    std::jthread thread_;
};

} // namespace dmaheap::cuse
