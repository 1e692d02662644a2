// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "cuse/delivery/delivery.h"
#include "cuse/delivery/lane.h"
#include "cuse/delivery/pid_namespace.h"
#include "cuse/delivery/task.h"
#include "cuse/delivery/tracee.h"

namespace dmaheap::delivery {

/// Borrows the calling thread on its way out of the ioctl: makes it open a socket, receive the
/// descriptor from it and close it again, then lets it go. See docs/delivery.md.
class PtraceDelivery final : public Delivery {
public:
    explicit PtraceDelivery(OnFailure on_failure) : on_failure_(std::move(on_failure)) {}

    void complete(PendingReply reply, Caller caller, Answer answer, UniqueFd buffer) override;
    std::optional<std::chrono::milliseconds> resume() override;
    void leave() override;

private:
    Lane &lane();

    /// Everything that is done with the caller between its stop and its going on.
    Task<Status> lend(Lane &lane, Tracee &tracee, Caller caller, Answer answer, UniqueFd buffer);
    Errand deliver(Lane &lane, PendingReply reply, Caller caller, Answer answer, UniqueFd buffer);

    OnFailure on_failure_;
    PidNamespace ours_;
    std::mutex mutex_;
    std::map<std::thread::id, std::unique_ptr<Lane>> lanes_;
};

} // namespace dmaheap::delivery
