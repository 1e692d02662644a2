// SPDX-License-Identifier: MIT
#include "cuse/node_calls.h"

namespace dmaheap::cuse {

void answer_ioctl(Device &device, fuse_req_t request, std::uint32_t command, void *argument,
                  const void *in, std::size_t in_size)
{
    const fuse_ctx &context = *fuse_req_ctx(request);
    const Ioctl ioctl{ .command = command,
                       .argument = reinterpret_cast<std::uintptr_t>(argument),
                       .in = { static_cast<const std::byte *>(in), in_size },
                       .caller = {
                           .thread = context.pid, .uid = context.uid, .gid = context.gid } };
    device.ioctl(ioctl, delivery::PendingReply(request));
}

} // namespace dmaheap::cuse
