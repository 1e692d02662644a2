// SPDX-License-Identifier: MIT
#include "cuse/delivery/caller.h"

#include <cerrno>

#include <unistd.h>

#include <sys/syscall.h>

#include "cuse/delivery/thread_stat.h"

namespace dmaheap::delivery {

namespace {

/// Whether the thread is one of the process; signal 0 is none.
bool belongs(pid_t thread, pid_t process)
{
    return ::syscall(SYS_tgkill, process, thread, 0) == 0 || errno == EPERM;
}

/// What it was the last time is asked first: to read it in /proc costs ten times as much.
pid_t process_of_another(pid_t thread)
{
    thread_local pid_t last = 0;
    if (last != 0 && belongs(thread, last))
        return last;

    const Result<pid_t> process = process_of(thread);
    last = process.value_or(0);
    return process.value_or(thread);
}

} // namespace

Owner owner_of(const Caller &caller)
{
    const bool is_first = belongs(caller.thread, caller.thread);
    return { .process = is_first ? caller.thread : process_of_another(caller.thread),
             .user = caller.uid };
}

} // namespace dmaheap::delivery
