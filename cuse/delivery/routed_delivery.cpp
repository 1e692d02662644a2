// SPDX-License-Identifier: MIT
#include "cuse/delivery/routed_delivery.h"

#include <cstring>
#include <utility>

#include <unistd.h>

#include <sys/syscall.h>

namespace dmaheap::delivery {

namespace {

bool is_ours(pid_t thread)
{
    return ::syscall(SYS_tgkill, ::getpid(), thread, 0) == 0;
}

/// It has the descriptor already: we have.
void tell_number(PendingReply reply, Answer &answer, UniqueFd buffer)
{
    const int number = buffer.release();
    if (answer.fd_at)
        std::memcpy(answer.out.data() + *answer.fd_at, &number, sizeof number);
    std::move(reply).succeed(answer.out);
}

} // namespace

void RoutedDelivery::complete(PendingReply reply, Caller caller, Answer answer, UniqueFd buffer)
{
    Waiting *const client = reply.elsewhere();
    if (!client && is_ours(caller.thread))
        return tell_number(std::move(reply), answer, std::move(buffer));
    if (!client)
        return others_.complete(std::move(reply), caller, std::move(answer), std::move(buffer));

    const Status done = client->hand_over(answer, std::move(buffer));
    if (done)
        return std::move(reply).succeed({});

    std::move(reply).fail(done.error());
    on_failure_(caller, done.error());
}

} // namespace dmaheap::delivery
