// SPDX-License-Identifier: MIT
#include "cuse/delivery/pick_up.h"

#include <string>

#include <unistd.h>

#include <sys/stat.h>

namespace dmaheap::delivery {

namespace {

/// The inode of a process's pid namespace; 0 when it cannot be seen.
ino_t pid_namespace_of(const std::string &process)
{
    struct stat found{};
    return ::stat(("/proc/" + process + "/ns/pid").c_str(), &found) == 0 ? found.st_ino : 0;
}

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

bool may_pick_up(const Caller &caller)
{
    static const ino_t ours = pid_namespace_of("self");
    return caller.uid == 0 && ours != 0 && pid_namespace_of(std::to_string(caller.thread)) == ours;
}

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
