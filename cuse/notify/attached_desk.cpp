// SPDX-License-Identifier: MIT
#include "cuse/notify/attached_desk.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>

#include <sys/ioctl.h>
#include <sys/stat.h>

#include "cuse/delivery/delivery.h"
#include "cuse/delivery/pending_reply.h"
#include "cuse/delivery/post.h"
#include "cuse/delivery/remote_memory.h"
#include "cuse/notify/notified_client.h"
#include "cuse/uapi/dma_heap.h"

namespace dmaheap::cuse {

namespace {

using Bytes = std::vector<std::byte>;

bool is_same_node(const struct stat &left, const struct stat &right)
{
    if (S_ISCHR(left.st_mode))
        return S_ISCHR(right.st_mode) && left.st_rdev == right.st_rdev;
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

bool is_heap_node(const struct stat &file)
{
    std::error_code missing;
    for (const auto &entry : std::filesystem::directory_iterator("/dev/dma_heap", missing)) {
        struct stat node{};
        if (::stat(entry.path().c_str(), &node) == 0 && is_same_node(file, node))
            return true;
    }
    return false;
}

/// The client's descriptor, if it is a heap's node.
std::optional<UniqueFd> node_of(const Notification &waiting)
{
    const auto table = delivery::DescriptorTable::of(waiting.thread);
    auto file = table ? table->fetch(waiting.fd) : std::unexpected(table.error());
    struct stat status{};
    if (!file || (::fcntl(file->get(), F_GETFL) & O_PATH) != 0 ||
        ::fstat(file->get(), &status) == -1 || !is_heap_node(status))
        return std::nullopt;

    return *std::move(file);
}

/// The client's struct, with room for all that the node looks at or answers.
Result<Bytes> struct_of(const Notification &waiting)
{
    const std::size_t size = _IOC_SIZE(waiting.command);
    Bytes bytes(std::max(size, sizeof(uapi::DmaHeapAllocation)));
    if ((_IOC_DIR(waiting.command) & _IOC_WRITE) == 0)
        return bytes;

    const auto read =
        delivery::RemoteMemory(waiting.thread)
            .read(delivery::RemoteAddress{ waiting.argument }, std::span(bytes).first(size));
    if (!read)
        return std::unexpected(read.error());

    return bytes;
}

/// Whatever the command's size and direction, we are to learn the descriptor.
Result<UniqueFd> allocate(int node, const Bytes &bytes)
{
    auto asked = uapi::decode<uapi::DmaHeapAllocation>(bytes);
    asked.fd_flags |= O_CLOEXEC; // our copy of the descriptor
    if (auto done = check_done("DMA_HEAP_IOCTL_ALLOC", ::ioctl(node, DMA_HEAP_IOCTL_ALLOC, &asked));
        !done)
        return std::unexpected(done.error());

    return UniqueFd(static_cast<int>(asked.fd));
}

delivery::Answer answer_to(const Notification &waiting, const Bytes &bytes)
{
    const auto asked = uapi::decode<uapi::DmaHeapAllocation>(bytes);
    const std::size_t size = uapi::bytes_out(waiting.command);
    delivery::Answer answer{ .argument = waiting.argument,
                             .out = { bytes.begin(),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(size) },
                             .fd_at = std::nullopt,
                             .close_on_exec = (asked.fd_flags & O_CLOEXEC) != 0 };
    if (size >= offsetof(uapi::DmaHeapAllocation, fd) + sizeof asked.fd)
        answer.fd_at = offsetof(uapi::DmaHeapAllocation, fd);
    return answer;
}

} // namespace

bool AttachedDesk::take(const Listener &listener, const Notification &waiting)
{
    const auto node = node_of(waiting);
    if (!node || !listener.is_waiting(waiting.id))
        return false;

    auto client = std::make_unique<NotifiedClient>(listener, interrupted_, waiting);
    const auto bytes = struct_of(waiting);
    if (bytes && client->was_interrupted(*bytes))
        return true;

    delivery::PendingReply reply(std::move(client));
    auto buffer = bytes ? allocate(node->get(), *bytes) : std::unexpected(bytes.error());
    if (buffer)
        give(std::move(reply), answer_to(waiting, *bytes), *std::move(buffer));
    else
        std::move(reply).fail(buffer.error());
    return true;
}

} // namespace dmaheap::cuse
