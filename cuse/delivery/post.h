// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

#include <sys/types.h>

#include "core/result.h"
#include "core/unique_fd.h"

namespace dmaheap::delivery {

/// Reaches into the descriptor table of a thread of another process.
class DescriptorTable {
public:
    /// The thread's own table, which it may have unshared from its process's.
    static Result<DescriptorTable> of(pid_t thread);

    /// A duplicate of the thread's descriptor `fd`. EBADF when there is none.
    [[nodiscard]] Result<UniqueFd> fetch(int fd) const;

    /// Whether it says ESRCH once the thread has ended, whoever has its number then.
    [[nodiscard]] bool ends_with_thread() const { return !of_process_; }

private:
    DescriptorTable(pid_t thread, UniqueFd pidfd, bool of_process)
        : thread_(thread), pidfd_(std::move(pidfd)), of_process_(of_process)
    {
    }
    [[nodiscard]] Status same_file(int fetched, int fd) const;

    pid_t thread_;
    UniqueFd pidfd_;
    bool of_process_; ///< before Linux 6.9: what is fetched comes from the process's table
};

/// Sends one message with a descriptor to the socket itself. Never waits. An error when it is not
/// the fresh unix datagram socket that it should be: it comes out of a table that the client may
/// change at any time.
Status post_to_itself(int socket, std::span<const std::byte> payload, int fd);

} // namespace dmaheap::delivery
