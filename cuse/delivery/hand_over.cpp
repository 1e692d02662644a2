// SPDX-License-Identifier: MIT
#include "cuse/delivery/hand_over.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include "cuse/delivery/raised_limit.h"

namespace dmaheap::delivery {

namespace {

constexpr std::uint64_t kScratchSize = 4096;
constexpr std::uint64_t kNoFile = ~0ULL;

/// Receives the buffer from the caller's socket; returns its number for now.
Task<Result<int>> receive(Hand hand, int socket, RemoteAddress inbox)
{
    if (auto sent = hand.transfer.send(hand.borrowed.abi, socket, inbox); !sent)
        co_return std::unexpected(sent.error());

    const RemoteResult got = co_await hand.call(
        remote::kRecvmsg, { argument_of(socket), static_cast<std::uint64_t>(inbox),
                            MSG_DONTWAIT | MSG_CMSG_CLOEXEC });
    if (!got.ok())
        co_return error_of(got, "recvmsg in the caller");

    co_return hand.transfer.received(hand.borrowed.abi, inbox);
}

/// The same for a caller that may have only one more descriptor, and has spent it on the socket.
Task<Result<int>> receive_at_limit(Hand hand, int socket, RemoteAddress inbox)
{
    const RaisedLimit limit(hand.tracee.thread());
    if (!limit.raised())
        co_return failure(EMFILE, "RLIMIT_NOFILE of the caller");

    co_return co_await receive(hand, socket, inbox);
}

/// Receives the buffer and puts it in the socket's place, which was the lowest free number.
Task<Status> replace_socket(Hand hand, int socket, RemoteAddress inbox)
{
    auto received = co_await receive(hand, socket, inbox);
    if (!received && received.error().code == EMFILE)
        received = co_await receive_at_limit(hand, socket, inbox);
    if (!received)
        co_return std::unexpected(received.error());

    co_return co_await put_in_place(hand, *received, socket);
}

} // namespace

Task<Status> hand_over(Hand hand)
{
    const RemoteResult socket =
        co_await hand.call(remote::kSocket, { AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC });
    if (!socket.ok())
        co_return error_of(socket, "socket in the caller");

    const RemoteResult scratch =
        co_await hand.call(remote::kMmap, { 0, kScratchSize, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS, kNoFile });
    Status outcome;
    if (scratch.ok()) {
        const auto inbox = RemoteAddress{ static_cast<std::uint64_t>(scratch.value) };
        outcome = co_await replace_socket(hand, static_cast<int>(socket.value), inbox);
        co_await hand.call(remote::kMunmap, { static_cast<std::uint64_t>(inbox), kScratchSize });
    } else {
        outcome = error_of(scratch, "mmap in the caller");
    }
    if (!outcome) {
        co_await hand.call(remote::kClose, { static_cast<std::uint64_t>(socket.value) });
        if (outcome.error().code != EFAULT) // then what fitted stays, as with copy_to_user()
            hand.transfer.take_back();
    }
    co_return outcome;
}

} // namespace dmaheap::delivery
