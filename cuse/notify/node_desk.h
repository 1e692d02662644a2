// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include <sys/stat.h>

#include "cuse/device.h"
#include "cuse/notify/desk.h"
#include "cuse/notify/interrupted.h"

namespace dmaheap::cuse {

/// Takes what is asked of our own nodes to their devices, and answers for buffers that are memfds
/// what a dma-buf would.
class NodeDesk final : public Desk {
public:
    /// The device behind a node, or null.
    using FindDevice = std::function<Device *(const struct stat &file)>;
    using IsBuffer = std::function<bool(const struct stat &file)>;

    NodeDesk(FindDevice find_device, IsBuffer is_buffer)
        : find_device_(std::move(find_device)), is_buffer_(std::move(is_buffer))
    {
    }

    bool take(const Listener &listener, const Notification &waiting) override;

private:
    FindDevice find_device_;
    IsBuffer is_buffer_;
    Interrupted interrupted_;
};

} // namespace dmaheap::cuse
