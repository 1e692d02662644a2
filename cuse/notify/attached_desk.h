// SPDX-License-Identifier: MIT
#pragma once

#include "cuse/notify/desk.h"
#include "cuse/notify/interrupted.h"

namespace dmaheap::cuse {

/// For nodes that somebody else serves. Asks the node what the client has asked, through the
/// client's own open file, so that nobody gets what it could not have opened; and gives the client
/// the buffer that comes of it.
class AttachedDesk final : public Desk {
public:
    bool take(const Listener &listener, const Notification &waiting) override;

private:
    Interrupted interrupted_;
};

} // namespace dmaheap::cuse
