// SPDX-License-Identifier: MIT
#include "cuse/delivery/caller.h"

#include <unistd.h>

#include <sys/syscall.h>

#include "core/unique_fd.h"
#include "cuse/delivery/thread_stat.h"

namespace dmaheap::delivery {

namespace {

/// Only the first thread of a process has a pidfd without flags.
bool is_first(pid_t thread)
{
    return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, thread, 0))).valid();
}

} // namespace

Owner owner_of(const Caller &caller)
{
    const pid_t process =
        is_first(caller.thread) ? caller.thread : process_of(caller.thread).value_or(caller.thread);
    return { .process = process, .user = caller.uid };
}

} // namespace dmaheap::delivery
