// SPDX-License-Identifier: MIT
#include "cuse/node_calls.h"

namespace dmaheap::cuse {

void answer_open(Device &device, fuse_req_t request, fuse_file_info *file)
{
    file->fh = device.open();
    file->noflush = 1; // one of ours that is killed while it closes it would wait for itself
    if (fuse_reply_open(request, file) != 0)
        device.release(file->fh); // the client has gone, and nobody will tell again
}

void answer_release(Device &device, fuse_req_t request, const fuse_file_info *file)
{
    device.release(file->fh);
    fuse_reply_err(request, 0);
}

void answer_ioctl(Device &device, fuse_req_t request, std::uint32_t command, void *argument,
                  const void *in, std::size_t in_size, std::uint64_t file, unsigned flags)
{
    const fuse_ctx &context = *fuse_req_ctx(request);
    const Ioctl ioctl{ .command = command,
                       .argument = reinterpret_cast<std::uintptr_t>(argument),
                       .in = { static_cast<const std::byte *>(in), in_size },
                       .caller = { .thread = context.pid, .uid = context.uid, .gid = context.gid },
                       .file = file,
                       .of_32_bits = (flags & FUSE_IOCTL_COMPAT) != 0 };
    device.ioctl(ioctl, delivery::PendingReply(request));
}

} // namespace dmaheap::cuse
