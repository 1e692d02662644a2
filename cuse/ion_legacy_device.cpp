// SPDX-License-Identifier: MIT
#include "cuse/ion_legacy_device.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "cuse/delivery/remote_memory.h"
#include "cuse/uapi/ion_legacy.h"

namespace dmaheap::cuse {

namespace {

using delivery::PendingReply;
using delivery::RemoteAddress;
using delivery::RemoteMemory;
namespace ion = uapi::ion_legacy;

ion::Allocation allocation_in(const Ioctl &request)
{
    return request.of_32_bits ? ion::widened(uapi::decode<ion::Allocation32>(request.in))
                              : uapi::decode<ion::Allocation>(request.in);
}

/// The struct as it goes back: as it came, with the handle.
std::vector<std::byte> with_handle(const Ioctl &request, int handle)
{
    std::vector<std::byte> out(request.in.begin(), request.in.end());
    const std::size_t at = request.of_32_bits ? offsetof(ion::Allocation32, handle)
                                              : offsetof(ion::Allocation, handle);
    if (out.size() >= at + sizeof handle)
        std::memcpy(out.data() + at, &handle, sizeof handle);
    return out;
}

/// What ion_system_heap_allocate() and its like say before they look for memory.
Status allocatable(const ion::Allocation &asked)
{
    if (asked.align > page_size())
        return failure(EINVAL, "align");
    if (asked.len > machine_memory() / 2)
        return failure(ENOMEM, "half of the machine's memory");

    return {};
}

/// The handle or the descriptor that a command names; empty when it names none.
std::string named_in(const Ioctl &request)
{
    switch (request.command) {
    case ion::kFree:
        return "handle " + std::to_string(uapi::decode<ion::Handle>(request.in).handle);
    case ion::kShare:
    case ion::kMap:
        return "handle " + std::to_string(uapi::decode<ion::HandleFd>(request.in).handle);
    case ion::kImport:
    case ion::kSync:
        return "fd " + std::to_string(uapi::decode<ion::HandleFd>(request.in).fd);
    default:
        return {};
    }
}

bool visible(const Ioctl &request)
{
    return request.caller.thread != 0;
}

std::unexpected<Error> not_visible()
{
    return failure(EACCES, "pid namespace that does not show the caller");
}

} // namespace

IonLegacyDevice::IonLegacyDevice(std::string name, IonHeaps heaps, Services services,
                                 OnRefusal on_refusal)
    : AllocatingDevice(services.later), name_(std::move(name)), heaps_(std::move(heaps)),
      services_(services), on_refusal_(std::move(on_refusal))
{
}

void IonLegacyDevice::serve(const Ioctl &request, PendingReply reply, DrawnFaults faults)
{
    std::string asked;
    const Status done = answer(request, reply, std::move(faults), asked);
    if (done)
        return;

    std::move(reply).fail(done.error());
    if (done.error().code != ENOTTY) // which programs ask for, to tell the interfaces apart
        on_refusal_(name_, request.caller, done.error(), asked.empty() ? named_in(request) : asked);
}

Status IonLegacyDevice::answer(const Ioctl &request, PendingReply &reply, DrawnFaults faults,
                               std::string &asked)
{
    // compat_ion_ioctl() looks at the command first.
    if (!request.of_32_bits && uapi::size_of(request.command) > ion::kLargestArgument)
        return failure(EINVAL, "size of the ioctl");
    if (request.command == (request.of_32_bits ? ion::kAlloc32 : ion::kAlloc))
        return allocate(request, reply, std::move(faults), asked);

    switch (request.command) {
    case ion::kFree:
        return free(request, reply);
    case ion::kShare:
    case ion::kMap:
        return share(request, reply);
    case ion::kImport:
        return import(request, reply);
    case ion::kSync:
        return sync(request, reply);
    default: // CUSTOM, too: no heap of ours has a handler for it
        return failure(ENOTTY, "unknown ioctl");
    }
}

/// A name for its handles; there are none yet.
std::uint64_t IonLegacyDevice::open()
{
    return ++last_file_;
}

void IonLegacyDevice::release(std::uint64_t file)
{
    std::shared_ptr<IonHandles> ended; // without the lock: buffers may end with it
    const std::scoped_lock lock(mutex_);
    const auto found = files_.find(file);
    if (found == files_.end())
        return;

    ended = std::move(found->second);
    files_.erase(found);
}

std::shared_ptr<IonHandles> IonLegacyDevice::handles_of(std::uint64_t file)
{
    const std::scoped_lock lock(mutex_);
    auto &handles = files_[file];
    if (!handles)
        handles = std::make_shared<IonHandles>(services_.quota);
    return handles;
}

/// ion_alloc(). The handle is told by us, not by the kernel's copy of the reply: a client that
/// cannot be told has none, and we would not learn of it.
Status IonLegacyDevice::allocate(const Ioctl &request, PendingReply &reply, DrawnFaults faults,
                                 std::string &asked)
{
    auto buffer = allocate_shared(request, faults, asked);
    if (!buffer)
        return std::unexpected(buffer.error());
    if (!*buffer) {
        put_off(request, std::move(reply), std::move(faults));
        return {};
    }

    auto handles = handles_of(request.file);
    const auto handle = handles->add(*std::move(buffer), request.caller.uid);
    if (!handle)
        return std::unexpected(handle.error());

    auto out = with_handle(request, *handle);
    const auto tell = [thread = request.caller.thread, to = RemoteAddress{ request.argument },
                       out] { return RemoteMemory(thread).write(to, out); };
    services_.aside.start(request.caller.uid, tell,
                          [reply = std::move(reply), handles = std::move(handles), handle = *handle,
                           out = std::move(out)](const Status &told) mutable {
                              if (told)
                                  return std::move(reply).succeed(out);

                              static_cast<void>(handles->free(handle));
                              std::move(reply).fail(told.error());
                          });
    return {};
}

/// Null when it is to be put off.
Result<std::unique_ptr<SharedBuffer>> IonLegacyDevice::allocate_shared(const Ioctl &request,
                                                                       DrawnFaults &faults,
                                                                       std::string &asked) const
{
    const auto wanted = allocation_in(request);
    if (const auto size = page_aligned(wanted.len); !size)
        return std::unexpected(size.error());
    if (!visible(request))
        return not_visible();

    std::unique_ptr<SharedBuffer> buffer;
    const Owner owner = owner_of(request.caller);
    const auto attempt = [&](Heap &heap) {
        if (auto possible = allocatable(wanted); !possible)
            return possible;
        const auto now = faults.may_try(heap, wanted.len);
        if (!now)
            return Status(std::unexpected(now.error()));
        if (!*now)
            return Status();
        auto made = heap.allocate_shared(wanted.len, owner);
        if (!made)
            return Status(std::unexpected(made.error()));
        buffer = *std::move(made);
        return Status();
    };
    auto tried = heaps_.first_of(wanted.heap_id_mask, request.caller, attempt);
    if (!tried.done) {
        asked = std::move(tried.asked);
        return std::unexpected(tried.done.error());
    }

    return buffer;
}

Status IonLegacyDevice::free(const Ioctl &request, PendingReply &reply)
{
    const auto asked = uapi::decode<ion::Handle>(request.in);
    if (auto freed = handles_of(request.file)->free(asked.handle); !freed)
        return freed;

    std::move(reply).succeed({});
    return {};
}

/// ion_share_dma_buf_fd().
Status IonLegacyDevice::share(const Ioctl &request, PendingReply &reply)
{
    const auto asked = uapi::decode<ion::HandleFd>(request.in);
    const auto buffer = handles_of(request.file)->find(asked.handle);
    if (!buffer)
        return std::unexpected(buffer.error());
    if (!visible(request))
        return not_visible();

    auto dma_buf = (*buffer)->export_again();
    if (!dma_buf)
        return std::unexpected(dma_buf.error());

    services_.delivery.complete(std::move(reply), request.caller,
                                { .argument = request.argument,
                                  .out = uapi::encode(asked),
                                  .fd_at = offsetof(ion::HandleFd, fd),
                                  .close_on_exec = true },
                                *std::move(dma_buf));
    return {};
}

/// ion_import_dma_buf_fd(). As there, the handle stays when its number cannot be told.
Status IonLegacyDevice::import(const Ioctl &request, PendingReply &reply)
{
    auto buffer = imported(request);
    if (!buffer)
        return std::unexpected(buffer.error());

    const auto handle = handles_of(request.file)->import(*std::move(buffer), request.caller.uid);
    if (!handle)
        return std::unexpected(handle.error());

    auto answer = uapi::decode<ion::HandleFd>(request.in);
    answer.handle = *handle;
    std::move(reply).succeed(uapi::encode(answer));
    return {};
}

/// ion_sync_for_device(): there is nothing to do for a buffer of ours.
Status IonLegacyDevice::sync(const Ioctl &request, PendingReply &reply) const
{
    if (auto buffer = imported(request); !buffer)
        return std::unexpected(buffer.error());

    std::move(reply).succeed({});
    return {};
}

/// The buffer of the descriptor in the struct. EBADF when it is none, EINVAL for another file.
Result<std::unique_ptr<SharedBuffer>> IonLegacyDevice::imported(const Ioctl &request) const
{
    if (!visible(request))
        return not_visible();

    const auto asked = uapi::decode<ion::HandleFd>(request.in);
    const auto file = identity_of(request.caller.thread, asked.fd);
    if (!file)
        return std::unexpected(file.error());

    return services_.exporter.find_shared(*file);
}

} // namespace dmaheap::cuse
