// SPDX-License-Identifier: MIT
#pragma once

#include <utility>
#include <vector>

#include "cuse/device.h"
#include "cuse/drawn_faults.h"
#include "cuse/later.h"

namespace dmaheap::cuse {

/// A device of heaps that may have requests wait because somebody wants them to (see Faults). They
/// hold no thread meanwhile.
class AllocatingDevice : public Device {
public:
    /// `later` must end before the device does, and before the clients can no longer be answered.
    explicit AllocatingDevice(Later &later) : later_(later) {}

    void ioctl(const Ioctl &request, delivery::PendingReply reply) final
    {
        serve(request, std::move(reply), {});
    }

protected:
    /// Asks `faults` before it allocates.
    virtual void serve(const Ioctl &request, delivery::PendingReply reply, DrawnFaults faults) = 0;

    /// Has the request served from the beginning after the delay that `faults` tells.
    void put_off(const Ioctl &request, delivery::PendingReply reply, DrawnFaults faults);

private:
    Later &later_;
};

} // namespace dmaheap::cuse
