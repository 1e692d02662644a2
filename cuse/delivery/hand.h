// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "cuse/delivery/lane.h"
#include "cuse/delivery/remote_syscalls.h"
#include "cuse/delivery/task.h"
#include "cuse/delivery/tracee.h"
#include "cuse/delivery/transfer.h"

namespace dmaheap::delivery {

/// The caller, as those see it who make it execute system calls. All is borrowed.
struct Hand {
    Lane &lane;
    Tracee &tracee;
    Borrowed &borrowed;
    const Transfer &transfer;

    [[nodiscard]] Await<RemoteCall> call(RemoteSyscall number,
                                         const Registers::Arguments &arguments) const
    {
        return Await<RemoteCall>(lane, tracee, borrowed, number, arguments);
    }
};

/// A descriptor of the caller's, as an argument.
constexpr std::uint64_t argument_of(int fd)
{
    return static_cast<std::uint64_t>(fd);
}

/// Why a call came to nothing: ESRCH when it could not be made, else what the kernel answered.
std::unexpected<Error> error_of(const RemoteResult &result, const char *step);

/// Gives the caller's buffer, which it has as `received`, the number `place` instead, which is that
/// of a helper descriptor: two system calls.
Task<Status> put_in_place(Hand hand, int received, int place);

} // namespace dmaheap::delivery
