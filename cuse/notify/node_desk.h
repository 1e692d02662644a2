// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "core/inode.h"
#include "cuse/device.h"
#include "cuse/notify/desk.h"
#include "cuse/notify/interrupted.h"
#include "cuse/notify/tables.h"

namespace dmaheap::cuse {

/// Takes what is asked of our own nodes to their devices, and answers for buffers that are memfds
/// what a dma-buf would.
class NodeDesk final : public Desk {
public:
    /// The device behind a node, or null.
    using FindDevice = std::function<Device *(const Inode &file)>;
    using IsBuffer = std::function<bool(const Inode &file)>;

    NodeDesk(FindDevice find_device, IsBuffer is_buffer)
        : find_device_(std::move(find_device)), is_buffer_(std::move(is_buffer))
    {
    }

    bool take(const Listener &listener, const Notification &waiting) override;

private:
    FindDevice find_device_;
    IsBuffer is_buffer_;
    Interrupted interrupted_;
    Tables tables_;
};

} // namespace dmaheap::cuse
