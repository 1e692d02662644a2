// SPDX-License-Identifier: MIT
#include "cuse/delivery/transfer.h"

#include <cstring>

namespace dmaheap::delivery {

Status Transfer::send(Abi abi, int number, RemoteAddress scratch) const
{
    const auto table = DescriptorTable::of(caller_);
    if (!table)
        return std::unexpected(table.error());

    auto socket = table->fetch(number);
    if (!socket)
        return std::unexpected(socket.error());

    const auto payload = filled_in(number);
    if (auto posted = post_to_itself(socket->get(), payload, buffer_.get()); !posted)
        return posted;

    const auto image =
        Inbox::image(abi, scratch, RemoteAddress{ answer_.argument }, payload.size());
    return memory_.write(scratch, image);
}

Result<int> Transfer::received(Abi abi, RemoteAddress scratch) const
{
    Inbox::Image image{};
    if (auto read = memory_.read(scratch, image); !read)
        return std::unexpected(read.error());

    const auto number = Inbox::received(abi, image);
    if (!number)
        return failure(EMFILE, "RLIMIT_NOFILE of the caller");

    return *number;
}

Status Transfer::fill_in(int number) const
{
    if (answer_.out.empty())
        return {};

    return memory_.write(RemoteAddress{ answer_.argument }, filled_in(number));
}

std::vector<std::byte> Transfer::filled_in(int number) const
{
    auto out = answer_.out;
    if (answer_.fd_at)
        std::memcpy(out.data() + *answer_.fd_at, &number, sizeof number);
    return out;
}

void Transfer::take_back() const
{
    if (!answer_.out.empty())
        static_cast<void>(memory_.write(RemoteAddress{ answer_.argument }, answer_.out));
}

} // namespace dmaheap::delivery
