// SPDX-License-Identifier: MIT
#include "cuse/allocating_device.h"

namespace dmaheap::cuse {

void AllocatingDevice::put_off(const Ioctl &request, delivery::PendingReply reply,
                               DrawnFaults faults)
{
    const auto delay = faults.delay();
    std::vector<std::byte> in(request.in.begin(), request.in.end());
    later_.add(delay, [this, again = request, in = std::move(in), reply = std::move(reply),
                       faults = std::move(faults)]() mutable {
        again.in = in;
        serve(again, std::move(reply), std::move(faults));
    });
}

} // namespace dmaheap::cuse
