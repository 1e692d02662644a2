// SPDX-License-Identifier: MIT
#pragma once

#include "cuse/notify/listener.h"

namespace dmaheap::cuse {

/// Where reported ioctls are dealt with. Thread-safe.
class Desk {
public:
    Desk() = default;
    Desk(const Desk &) = delete;
    Desk &operator=(const Desk &) = delete;
    virtual ~Desk() = default;

    /// True when the ioctl is ours: it is answered now or later. False when it is somebody else's;
    /// then it must not have been answered.
    virtual bool take(const Listener &listener, const Notification &waiting) = 0;
};

} // namespace dmaheap::cuse
