// SPDX-License-Identifier: MIT
#include "cuse/ion_modern_device.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fcntl.h>

#include "cuse/delivery/remote_memory.h"
#include "cuse/uapi/ion_modern.h"

namespace dmaheap::cuse {

namespace {

using delivery::PendingReply;
using delivery::RemoteAddress;
using delivery::RemoteMemory;
namespace ion = uapi::ion;

/// Tells the client how it has ended.
Aside::Done answer_later(PendingReply reply, std::vector<std::byte> out)
{
    return [reply = std::move(reply), out = std::move(out)](const Status &done) mutable {
        if (done)
            std::move(reply).succeed(out);
        else
            std::move(reply).fail(done.error());
    };
}

} // namespace

IonModernDevice::IonModernDevice(Options options, IonHeaps heaps, delivery::Delivery &delivery,
                                 Aside &aside, Later &later, OnRefusal on_refusal)
    : AllocatingDevice(later), options_(std::move(options)), heaps_(std::move(heaps)),
      delivery_(delivery), aside_(aside), on_refusal_(std::move(on_refusal))
{
}

void IonModernDevice::serve(const Ioctl &request, PendingReply reply, DrawnFaults faults)
{
    Status done;
    std::string asked;
    if (uapi::size_of(request.command) > ion::kLargestArgument)
        done = failure(EINVAL, "size of the ioctl");
    else if (request.command == ion::kAlloc)
        done = allocate(request, reply, std::move(faults), asked);
    else if (request.command == ion::kHeapQuery)
        done = query(request, reply);
    else if (request.command == ion::kAbiVersion && options_.abi_version)
        done = tell_version(reply);
    else
        done = refuse_unknown(request, reply);
    if (done)
        return;

    std::move(reply).fail(done.error());
    if (done.error().code != ENOTTY) // which programs ask for, to tell the interfaces apart
        on_refusal_(options_.name, request.caller, done.error(), asked);
}

/// ion_alloc().
Status IonModernDevice::allocate(const Ioctl &request, PendingReply &reply, DrawnFaults faults,
                                 std::string &asked)
{
    const auto wanted = uapi::decode<ion::Allocation>(request.in);
    if (const auto size = page_aligned(wanted.len); !size)
        return std::unexpected(size.error());
    if (request.caller.thread == 0)
        return failure(EACCES, "pid namespace that does not show the caller");

    UniqueFd buffer;
    const Owner owner = owner_of(request.caller);
    const auto attempt = [&](Heap &heap) {
        if (wanted.len > machine_memory() / 2)
            return Status(failure(ENOMEM, "half of the machine's memory"));
        const auto now = faults.may_try(heap, wanted.len);
        if (!now)
            return Status(std::unexpected(now.error()));
        if (!*now)
            return Status();
        auto made = heap.allocate(wanted.len, O_RDWR, owner);
        if (!made)
            return Status(std::unexpected(made.error()));
        buffer = *std::move(made);
        return Status();
    };
    auto tried = heaps_.first_of(wanted.heap_id_mask, request.caller, attempt);
    if (!tried.done) {
        asked = std::move(tried.asked);
        return tried.done;
    }
    if (!buffer.valid()) {
        put_off(request, std::move(reply), std::move(faults));
        return {};
    }

    delivery_.complete(std::move(reply), request.caller,
                       { .argument = request.argument,
                         .out = uapi::encode(wanted),
                         .fd_at = offsetof(ion::Allocation, fd),
                         .close_on_exec = true },
                       std::move(buffer));
    return {};
}

/// ion_query_heaps().
Status IonModernDevice::query(const Ioctl &request, PendingReply &reply)
{
    auto asked = uapi::decode<ion::HeapQuery>(request.in);
    if (asked.reserved0 != 0 || asked.reserved1 != 0 || asked.reserved2 != 0)
        return failure(EINVAL, "reserved fields of the query");

    const std::size_t wanted = asked.heaps == 0 ? heaps_.all().size() : asked.cnt;
    if (wanted == 0 && asked.heaps != 0)
        return failure(EINVAL, "cnt");

    const std::size_t count = std::min(wanted, heaps_.all().size());
    asked.cnt = static_cast<std::uint32_t>(count);
    if (asked.heaps == 0) {
        std::move(reply).succeed(uapi::encode(asked));
        return {};
    }
    aside_.start(
        request.caller.uid,
        [thread = request.caller.thread, to = RemoteAddress{ asked.heaps },
         bytes = described(count)] { return RemoteMemory(thread).write(to, bytes); },
        answer_later(std::move(reply), uapi::encode(asked)));
    return {};
}

Status IonModernDevice::tell_version(PendingReply &reply) const
{
    std::move(reply).succeed(uapi::encode(*options_.abi_version));
    return {};
}

/// ENOTTY, but ion_ioctl() reads the struct first, whatever the command. The kernel has done so for
/// us where the command says that it is to be read.
Status IonModernDevice::refuse_unknown(const Ioctl &request, PendingReply &reply)
{
    const std::size_t size = uapi::size_of(request.command);
    if (size == 0 || !request.in.empty())
        return failure(ENOTTY, "unknown ioctl");

    aside_.start(
        request.caller.uid,
        [thread = request.caller.thread, from = RemoteAddress{ request.argument }, size] {
            std::vector<std::byte> ignored(size);
            if (auto read = RemoteMemory(thread).read(from, ignored); !read)
                return read;
            return Status(failure(ENOTTY, "unknown ioctl"));
        },
        answer_later(std::move(reply), {}));
    return {};
}

/// The first `count` entries of the array that a query fills in.
std::vector<std::byte> IonModernDevice::described(std::size_t count) const
{
    std::vector<std::byte> bytes;
    for (const IonHeap &heap : std::span(heaps_.all()).first(count)) {
        ion::HeapData data{};
        std::memcpy(data.name.data(), heap.name.data(),
                    std::min(heap.name.size(), data.name.size() - 1));
        data.type = heap.type;
        data.heap_id = heap.id;
        const auto entry = uapi::encode(data);
        bytes.insert(bytes.end(), entry.begin(), entry.end());
    }
    return bytes;
}

} // namespace dmaheap::cuse
