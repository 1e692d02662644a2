// SPDX-License-Identifier: MIT
#include "cuse/delivery/hand.h"

#include <fcntl.h>

namespace dmaheap::delivery {

std::unexpected<Error> error_of(const RemoteResult &result, const char *step)
{
    if (!result.made)
        return failure(ESRCH, "caller that has gone");

    return failure(static_cast<int>(-result.value), step);
}

Task<Status> put_in_place(Hand hand, int received, int place)
{
    const std::uint64_t flags = hand.transfer.answer().close_on_exec ? O_CLOEXEC : 0;
    const RemoteResult placed =
        co_await hand.call(remote::kDup3, { argument_of(received), argument_of(place), flags });
    const RemoteResult closed = co_await hand.call(remote::kClose, { argument_of(received) });
    if (!placed.ok() || !closed.made)
        co_return error_of(placed.ok() ? closed : placed, "dup3 in the caller");

    co_return Status{};
}

} // namespace dmaheap::delivery
