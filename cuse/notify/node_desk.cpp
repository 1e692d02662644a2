// SPDX-License-Identifier: MIT
#include "cuse/notify/node_desk.h"

#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include "core/close_others.h"
#include "cuse/buffer_ioctl.h"
#include "cuse/delivery/delivery.h"
#include "cuse/delivery/remote_memory.h"
#include "cuse/notify/notified_client.h"
#include "cuse/uapi/dma_buf.h"
#include "cuse/uapi/ion_legacy.h"

namespace dmaheap::cuse {

namespace {

namespace ion_legacy = uapi::ion_legacy;

struct ClientFile {
    UniqueFd fd; ///< a duplicate of the client's descriptor
    Inode inode;
};

/// The thread's file, as far as an ioctl on it can reach a driver.
std::optional<ClientFile> file_of(Tables &tables, const Notification &waiting)
{
    auto fetched = tables.fetch(waiting.thread, waiting.fd);
    if (!fetched || (::fcntl(fetched->get(), F_GETFL) & O_PATH) != 0)
        return std::nullopt;

    const auto inode = inode_of(fetched->get());
    if (!inode)
        return std::nullopt;

    return ClientFile{ .fd = *std::move(fetched), .inode = *inode };
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

struct Question {
    std::vector<std::byte> in;
    delivery::PendingReply reply;
};

/// Nothing when there is nothing left to be done.
std::optional<Question> question_of(const Listener &listener, Interrupted &interrupted,
                                    const Notification &waiting)
{
    auto client = std::make_unique<NotifiedClient>(listener, interrupted, waiting);
    auto in = bytes_in(waiting);
    if (!in) {
        client->answer(in.error().code, {});
        return std::nullopt;
    }
    if (client->was_interrupted(*in))
        return std::nullopt;

    return Question{ .in = *std::move(in), .reply = delivery::PendingReply(std::move(client)) };
}

void ask_device(Device &device, Question question, const Notification &waiting,
                const struct stat &client)
{
    device.ioctl(
        Ioctl{ .command = waiting.command,
               .argument = waiting.argument,
               .in = question.in,
               .caller = { .thread = waiting.thread, .uid = client.st_uid, .gid = client.st_gid } },
        std::move(question.reply));
}

/// An ioctl on one of our own nodes, by a thread that has nothing else open. Killed while it waits
/// for the answer, it waits on until the node's file system ends (request_wait_answer() in
/// fs/fuse/dev.c), which it must not keep from ending.
template <class Argument>
Status ask_apart(int node, std::uint32_t command, Argument &argument)
{
    Status done;
    const auto ask = [&] {
        if (::unshare(CLONE_FILES) == -1) {
            done = failure(errno, "unshare");
            return;
        }
        close_others({ node });
        done = check_done("ioctl", ::ioctl(node, command, &argument));
    };
    try {
        std::jthread{ ask }.join();
    } catch (const std::system_error &none) {
        return failure(none.code().value(), "thread");
    }
    return done;
}

/// The handle means something to the open file only, which the node knows when it is asked through
/// that file; we are given the descriptor, and hand it on.
void ask_for_share(const UniqueFd &node, Question question, const Notification &waiting)
{
    auto asked = uapi::decode<ion_legacy::HandleFd>(question.in);
    if (auto done = ask_apart(node.get(), waiting.command, asked); !done)
        return std::move(question.reply).fail(done.error());

    const delivery::Answer answer{ .argument = waiting.argument,
                                   .out = std::move(question.in),
                                   .fd_at = offsetof(ion_legacy::HandleFd, fd),
                                   .close_on_exec = true };
    give(std::move(question.reply), answer, UniqueFd(asked.fd));
}

bool asks_for_share(const Notification &waiting)
{
    return waiting.command == ion_legacy::kShare || waiting.command == ion_legacy::kMap;
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
    const auto file = file_of(tables_, waiting);
    if (!file || !listener.is_waiting(waiting.id))
        return false;

    if (Device *const device = find_device_(file->inode)) {
        auto question = question_of(listener, interrupted_, waiting);
        if (question && asks_for_share(waiting))
            ask_for_share(file->fd, *std::move(question), waiting);
        else if (question)
            ask_device(*device, *std::move(question), waiting, owner_of(waiting.thread));
        return true;
    }
    if (_IOC_TYPE(waiting.command) != DMA_BUF_BASE || !is_buffer_(file->inode))
        return false;

    const Status done = ask_buffer(waiting);
    static_cast<void>(listener.answer(waiting.id, done ? 0 : done.error().code));
    return true;
}

} // namespace dmaheap::cuse
