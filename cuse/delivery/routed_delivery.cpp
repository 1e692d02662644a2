// SPDX-License-Identifier: MIT
#include "cuse/delivery/routed_delivery.h"

#include <utility>

namespace dmaheap::delivery {

void RoutedDelivery::complete(PendingReply reply, Caller caller, Answer answer, UniqueFd buffer)
{
    Waiting *const client = reply.elsewhere();
    if (!client)
        return others_.complete(std::move(reply), caller, std::move(answer), std::move(buffer));

    const Status done = client->hand_over(answer, std::move(buffer));
    if (done)
        return std::move(reply).succeed({});

    std::move(reply).fail(done.error());
    on_failure_(caller, done.error());
}

} // namespace dmaheap::delivery
