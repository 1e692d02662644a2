// SPDX-License-Identifier: MIT
#pragma once

#include "cuse/delivery/delivery.h"

namespace dmaheap::delivery {

/// Hands over at once to clients that can be handed something where they wait, and to threads of
/// our own; leaves all others, which wait for FUSE or CUSE, to another delivery.
class RoutedDelivery final : public Delivery {
public:
    /// `others` must outlive this.
    RoutedDelivery(Delivery &others, OnFailure on_failure)
        : others_(others), on_failure_(std::move(on_failure))
    {
    }

    void complete(PendingReply reply, Caller caller, Answer answer, UniqueFd buffer) override;
    std::optional<std::chrono::milliseconds> resume() override { return others_.resume(); }
    void leave() override { others_.leave(); }

private:
    Delivery &others_;
    OnFailure on_failure_;
};

} // namespace dmaheap::delivery
