// SPDX-License-Identifier: MIT
#include "cuse/notify/notified_client.h"

#include <utility>

#include "cuse/delivery/delivery.h"
#include "cuse/delivery/remote_memory.h"

namespace dmaheap::cuse {

void NotifiedClient::answer(int error, std::span<const std::byte> out)
{
    if (error == 0 && !out.empty())
        if (const auto written = write(waiting_.argument, out); !written)
            error = written.error().code;
    const Status answered = listener_.answer(waiting_.id, error); // it may have been killed
    interrupted_.end(waiting_.id, answered.has_value());
}

Status NotifiedClient::hand_over(const delivery::Answer &answer, UniqueFd buffer)
{
    if (!answer.out.empty())
        if (auto written = write(answer.argument, answer.out); !written)
            return written;

    const auto number = interrupted_.give(listener_, waiting_, answer, buffer.get());
    if (!number)
        return std::unexpected(number.error());
    if (!answer.fd_at)
        return {};

    const auto text = std::as_bytes(std::span(&*number, 1));
    const std::uint64_t at = answer.argument + *answer.fd_at;
    if (listener_.waits() == Waits::interruptibly)
        return write(at, text);

    return delivery::RemoteMemory(waiting_.thread) // which has just taken it, and waits
        .write(delivery::RemoteAddress{ at }, text);
}

bool NotifiedClient::was_interrupted(std::span<const std::byte> in)
{
    const auto given = interrupted_.find(waiting_, in);
    if (!given)
        return false;

    Status told;
    if (given->number_at)
        told = write(waiting_.argument + *given->number_at,
                     std::as_bytes(std::span(&given->number, 1)));
    answer(told ? 0 : told.error().code, {});
    return true;
}

void give(delivery::PendingReply reply, const delivery::Answer &answer, UniqueFd buffer)
{
    const Status done = reply.elsewhere()->hand_over(answer, std::move(buffer));
    if (done)
        std::move(reply).succeed({});
    else
        std::move(reply).fail(done.error());
}

Status NotifiedClient::write(std::uint64_t address, std::span<const std::byte> bytes) const
{
    if (auto waiting = listener_.is_waiting(waiting_.id); !waiting)
        return waiting;

    return delivery::RemoteMemory(waiting_.thread).write(delivery::RemoteAddress{ address }, bytes);
}

} // namespace dmaheap::cuse
