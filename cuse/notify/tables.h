// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include <sys/types.h>

#include "core/result.h"
#include "core/unique_fd.h"
#include "cuse/delivery/post.h"

namespace dmaheap::cuse {

/// The descriptor tables of threads that have called lately, which mostly call again. Thread-safe.
class Tables {
public:
    /// A duplicate of the thread's descriptor `fd`. EBADF when there is none.
    Result<UniqueFd> fetch(pid_t thread, int fd);

private:
    using Table = std::shared_ptr<const delivery::DescriptorTable>;

    static constexpr std::size_t kMost = 64; ///< each is a descriptor of ours

    Result<UniqueFd> fetch_anew(pid_t thread, int fd);
    Table find(pid_t thread);
    void keep(pid_t thread, Table table);

    std::mutex mutex_;
    std::map<pid_t, Table> tables_;
};

} // namespace dmaheap::cuse
