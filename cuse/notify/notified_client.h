// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "cuse/delivery/pending_reply.h"
#include "cuse/delivery/waiting.h"
#include "cuse/notify/interrupted.h"
#include "cuse/notify/listener.h"

namespace dmaheap::cuse {

/// A client whose ioctl a filter has reported. What it is made of must outlive it.
class NotifiedClient final : public delivery::Waiting {
public:
    NotifiedClient(const Listener &listener, Interrupted &interrupted, const Notification &waiting)
        : listener_(listener), interrupted_(interrupted), waiting_(waiting)
    {
    }

    void answer(int error, std::span<const std::byte> out) override;

    /// Writes the struct before it gives the descriptor, since that cannot be taken back: EFAULT
    /// leaves none behind.
    Status hand_over(const delivery::Answer &answer, UniqueFd buffer) override;

    /// Whether it has what it asks for since a signal interrupted it; then it has its answer.
    bool was_interrupted(std::span<const std::byte> in);

private:
    [[nodiscard]] Status write(std::uint64_t address, std::span<const std::byte> bytes) const;

    const Listener &listener_;
    Interrupted &interrupted_;
    Notification waiting_;
};

/// Gives the one who waits the buffer and lets it go on, or tells it why not.
void give(delivery::PendingReply reply, const delivery::Answer &answer, UniqueFd buffer);

} // namespace dmaheap::cuse
