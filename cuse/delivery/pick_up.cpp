// SPDX-License-Identifier: MIT
#include "cuse/delivery/pick_up.h"

#include <unistd.h>

namespace dmaheap::delivery {

namespace {

/// Puts the buffer, which the caller has as `fetched`, where its pidfd was.
Task<Status> keep(Hand hand, int fetched, int pidfd)
{
    Status placed = co_await put_in_place(hand, fetched, pidfd);
    if (!placed) {
        co_await hand.call(remote::kClose, { argument_of(pidfd) });
        hand.transfer.take_back();
    }
    co_return placed;
}

} // namespace

Task<std::optional<Status>> pick_up(Hand hand)
{
    const RemoteResult pidfd =
        co_await hand.call(remote::kPidfdOpen, { static_cast<std::uint64_t>(::getpid()), 0 });
    if (!pidfd.ok())
        co_return std::nullopt;

    const int place = static_cast<int>(pidfd.value);
    const RemoteResult fetched = co_await hand.call(
        remote::kPidfdGetfd, { argument_of(place), argument_of(hand.transfer.buffer()), 0 });
    if (fetched.ok() && hand.transfer.fill_in(place))
        co_return co_await keep(hand, static_cast<int>(fetched.value), place);

    if (fetched.ok())
        co_await hand.call(remote::kClose, { static_cast<std::uint64_t>(fetched.value) });
    co_await hand.call(remote::kClose, { argument_of(place) });
    co_return std::nullopt;
}

} // namespace dmaheap::delivery
