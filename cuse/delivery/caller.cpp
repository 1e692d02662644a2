// SPDX-License-Identifier: MIT
#include "cuse/delivery/caller.h"

#include <cerrno>

#include <unistd.h>

#include <sys/syscall.h>

#include "cuse/delivery/thread_stat.h"

namespace dmaheap::delivery {

namespace {

/// Whether its process has the same number; signal 0 is none.
bool is_first(pid_t thread)
{
    return ::syscall(SYS_tgkill, thread, thread, 0) == 0 || errno == EPERM;
}

} // namespace

Owner owner_of(const Caller &caller)
{
    const pid_t process =
        is_first(caller.thread) ? caller.thread : process_of(caller.thread).value_or(caller.thread);
    return { .process = process, .user = caller.uid };
}

} // namespace dmaheap::delivery
