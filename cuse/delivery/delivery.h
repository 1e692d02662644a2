// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/unique_fd.h"
#include "cuse/delivery/caller.h"
#include "cuse/delivery/pending_reply.h"

namespace dmaheap::delivery {

/// What an ioctl that makes a buffer answers with, apart from the buffer itself.
struct Answer {
    std::uint64_t argument;           ///< where the caller's struct is, in the caller
    std::vector<std::byte> out;       ///< the struct as it goes back, its descriptor not filled in
    std::optional<std::size_t> fd_at; ///< offset of the 4 bytes of the descriptor, if they fit
    bool close_on_exec;
};

/// Called when an allocation came to nothing on its way to the client, after the client has been
/// told. May be called on any serving thread.
using OnFailure = std::function<void(const Caller &, const Error &)>;

/// Gets a descriptor into the calling process.
///
/// Serving threads call it; what a thread has begun, the same thread brings to its end.
class Delivery {
public:
    Delivery() = default;
    Delivery(const Delivery &) = delete;
    Delivery &operator=(const Delivery &) = delete;
    virtual ~Delivery() = default;

    /// Takes the waiting client and the buffer's descriptor together, and sees to it that the
    /// client has either the descriptor in its table and its number in the struct, or an error and
    /// nothing else. Returns at once when the client is slow; resume() goes on with it.
    virtual void complete(PendingReply reply, Caller caller, Answer answer, UniqueFd buffer) = 0;

    /// Goes on with the deliveries of this thread whose client was slow. Returns how long the
    /// thread may sleep before it must look again; nothing when there are none.
    virtual std::optional<std::chrono::milliseconds> resume() = 0;

    /// To be called by a serving thread at its end. Drops the deliveries that still wait.
    virtual void leave() = 0;
};

} // namespace dmaheap::delivery
