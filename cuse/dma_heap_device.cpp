// SPDX-License-Identifier: MIT
#include "cuse/dma_heap_device.h"

#include <algorithm>
#include <utility>

#include "cuse/uapi/dma_heap.h"

namespace dmaheap::cuse {

namespace {

using uapi::DmaHeapAllocation;

/// The checks of dma_heap_ioctl() and dma_heap_ioctl_allocate(), up to the length.
Result<DmaHeapAllocation> checked(const Ioctl &request)
{
    if (uapi::number_of(request.command) != uapi::kDmaHeapAlloc)
        return failure(EINVAL, "ioctl number");

    const auto asked = uapi::decode<DmaHeapAllocation>(request.in);
    if (asked.fd != 0)
        return failure(EINVAL, "fd");
    if ((asked.fd_flags & ~uapi::kDmaHeapFdFlags) != 0)
        return failure(EINVAL, "fd_flags");
    if (asked.heap_flags != 0)
        return failure(EINVAL, "heap_flags");

    return asked;
}

/// The struct goes back as it came, so what is behind it comes back unchanged too.
delivery::Answer answer_to(const Ioctl &request, const DmaHeapAllocation &asked)
{
    constexpr std::size_t kFdAt = offsetof(DmaHeapAllocation, fd);
    const std::size_t size = uapi::bytes_out(request.command);

    delivery::Answer answer{ .argument = request.argument,
                             .out = std::vector<std::byte>(size),
                             .fd_at = std::nullopt,
                             .close_on_exec = (asked.fd_flags & O_CLOEXEC) != 0 };
    std::ranges::copy(request.in.first(std::min(size, request.in.size())), answer.out.begin());
    if (size >= kFdAt + sizeof asked.fd)
        answer.fd_at = kFdAt;
    return answer;
}

} // namespace

DmaHeapDevice::DmaHeapDevice(Heap &heap, delivery::Delivery &delivery, Later &later,
                             OnRefusal on_refusal)
    : AllocatingDevice(later), heap_(heap), delivery_(delivery), on_refusal_(std::move(on_refusal))
{
}

void DmaHeapDevice::serve(const Ioctl &request, delivery::PendingReply reply, DrawnFaults faults)
{
    const auto refuse = [&](const Error &error) {
        std::move(reply).fail(error);
        on_refusal_(heap_.name(), request.caller, error, "");
    };
    const auto asked = checked(request);
    if (!asked)
        return refuse(asked.error());
    if (request.caller.thread == 0)
        return refuse({ .code = EACCES, .step = "pid namespace that does not show the caller" });

    const auto now = faults.may_try(heap_, asked->len);
    if (!now)
        return refuse(now.error());
    if (!*now)
        return put_off(request, std::move(reply), std::move(faults));

    auto buffer = heap_.allocate(asked->len, asked->fd_flags, owner_of(request.caller));
    if (!buffer)
        return refuse(buffer.error());

    delivery_.complete(std::move(reply), request.caller, answer_to(request, *asked),
                       *std::move(buffer));
}

} // namespace dmaheap::cuse
