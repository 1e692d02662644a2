// SPDX-License-Identifier: MIT
#include "cuse/notify/node_desk.h"

#include <memory>
#include <utility>
#include <vector>

#include <fcntl.h>

#include <linux/ioctl.h>

#include "cuse/buffer_ioctl.h"
#include "cuse/delivery/post.h"
#include "cuse/delivery/remote_memory.h"
#include "cuse/notify/notified_client.h"
#include "cuse/uapi/dma_buf.h"

namespace dmaheap::cuse {

namespace {

/// The thread's file, as far as an ioctl on it can reach a driver.
std::optional<struct stat> file_of(const Notification &waiting)
{
    const auto table = delivery::DescriptorTable::of(waiting.thread);
    const auto file = table ? table->fetch(waiting.fd) : std::unexpected(table.error());
    struct stat status{};
    if (!file || (::fcntl(file->get(), F_GETFL) & O_PATH) != 0 ||
        ::fstat(file->get(), &status) == -1)
        return std::nullopt;

    return status;
}

/// What the kernel would copy in for the command.
Result<std::vector<std::byte>> bytes_in(const Notification &waiting)
{
    const bool writes = (_IOC_DIR(waiting.command) & _IOC_WRITE) != 0;
    std::vector<std::byte> bytes(writes ? _IOC_SIZE(waiting.command) : 0);
    if (bytes.empty())
        return bytes;

    const auto read = delivery::RemoteMemory(waiting.thread)
                          .read(delivery::RemoteAddress{ waiting.argument }, bytes);
    if (!read)
        return std::unexpected(read.error());

    return bytes;
}

/// The argument of SET_NAME is a string, not a struct.
bool takes_struct(std::uint32_t command)
{
    return command != uapi::kDmaBufSetNameA && command != uapi::kDmaBufSetNameB;
}

Status ask_buffer(const Notification &waiting)
{
    auto in = takes_struct(waiting.command) ? bytes_in(waiting) : std::vector<std::byte>();
    if (!in)
        return std::unexpected(in.error());

    return dma_buf_ioctl(waiting.thread, waiting.command, waiting.argument, *in);
}

void ask_device(Device &device, const Listener &listener, const Notification &waiting,
                const struct stat &client)
{
    delivery::PendingReply reply(std::make_unique<NotifiedClient>(listener, waiting));
    const auto in = bytes_in(waiting);
    if (!in)
        return std::move(reply).fail(in.error());

    device.ioctl(
        Ioctl{ .command = waiting.command,
               .argument = waiting.argument,
               .in = *in,
               .caller = { .thread = waiting.thread, .uid = client.st_uid, .gid = client.st_gid } },
        std::move(reply));
}

struct stat owner_of(pid_t thread)
{
    struct stat status{};
    if (::stat(("/proc/" + std::to_string(thread)).c_str(), &status) == -1)
        status.st_uid = ::geteuid(), status.st_gid = ::getegid();
    return status;
}

} // namespace

bool NodeDesk::take(const Listener &listener, const Notification &waiting)
{
    const auto file = file_of(waiting);
    if (!file || !listener.is_waiting(waiting.id))
        return false;

    if (Device *const device = find_device_(*file)) {
        ask_device(*device, listener, waiting, owner_of(waiting.thread));
        return true;
    }
    if (_IOC_TYPE(waiting.command) != DMA_BUF_BASE || !is_buffer_(*file))
        return false;

    const Status done = ask_buffer(waiting);
    static_cast<void>(listener.answer(waiting.id, done ? 0 : done.error().code));
    return true;
}

} // namespace dmaheap::cuse
