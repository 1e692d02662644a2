// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"

namespace dmaheap {

/// Knows which open files have not ended yet, without keeping them open: a file ends with its last
/// descriptor (in a process or under way in a socket), its last mapping, the last driver that uses
/// it.
///
/// An epoll instance forgets a file when the kernel destroys it, in eventpoll_release(), and not
/// before; /proc/self/fdinfo lists those that it remembers, all in one read.
///
/// Adding is thread-safe; there is one reader at a time.
class WatchedFiles {
public:
    static Result<WatchedFiles> create();

    /// Those that another watches or has watched: `epoll` is a descriptor of its epoll instance.
    /// EBADMSG when it is something else.
    static Result<WatchedFiles> adopt(UniqueFd epoll);

    /// A descriptor for others to adopt.
    [[nodiscard]] int fd() const { return epoll_.get(); }

    /// Watches what `fd` refers to, under a number of the caller's. Only for files that can be
    /// polled, such as dma-bufs: EPERM for others. The descriptor may be closed afterwards.
    [[nodiscard]] Status add(int fd, std::uint64_t number) const;

    /// The numbers of those that have not ended, sorted.
    Result<std::vector<std::uint64_t>> remaining();

private:
    WatchedFiles(UniqueFd epoll, UniqueFd info) : epoll_(std::move(epoll)), info_(std::move(info))
    {
    }

    UniqueFd epoll_;
    UniqueFd info_;    ///< stays open, because the kernel then keeps its buffer for the text
    std::string text_; ///< of the last look
};

} // namespace dmaheap
