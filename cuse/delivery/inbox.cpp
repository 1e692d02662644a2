// SPDX-License-Identifier: MIT
#include "cuse/delivery/inbox.h"

#include <cstring>

#include <sys/socket.h>

namespace dmaheap::delivery {

namespace {

// The structs of recvmsg(2) as programs of either size have them; linux/socket.h, compat.h.
template <class Word>
struct Header {
    Word name;
    Word name_length; // an int; on 64 bits with 4 bytes of padding behind it
    Word ranges;
    Word range_count;
    Word control;
    Word control_length;
    Word flags; // the same
};

template <class Word>
struct Range {
    Word base;
    Word length;
};

template <class Word>
struct Control {
    Word length;
    std::int32_t level;
    std::int32_t type;
    std::int32_t fd;
};

static_assert(sizeof(Header<std::uint64_t>) == 56 && sizeof(msghdr) == 56);
static_assert(sizeof(Header<std::uint32_t>) == 28);
static_assert(sizeof(Control<std::uint64_t>) == 24 && sizeof(Control<std::uint32_t>) == 16);

constexpr std::size_t kRangeAt = 64;
constexpr std::size_t kControlAt = 96;

template <class Value>
void put(Inbox::Image &image, std::size_t at, const Value &value)
{
    static_assert(sizeof value <= Inbox::kSize);
    std::memcpy(image.data() + at, &value, sizeof value);
}

template <class Value>
Value get(std::span<const std::byte, Inbox::kSize> image, std::size_t at)
{
    Value value{};
    std::memcpy(&value, image.data() + at, sizeof value);
    return value;
}

template <class Word>
Inbox::Image make(RemoteAddress at, RemoteAddress payload, std::size_t payload_size)
{
    Header<Word> head{};
    head.ranges = static_cast<Word>(at + kRangeAt);
    head.range_count = payload_size == 0 ? 0 : 1;
    head.control = static_cast<Word>(at + kControlAt);
    head.control_length = sizeof(Control<Word>);

    Inbox::Image image{};
    put(image, 0, head);
    put(image, kRangeAt,
        Range<Word>{ static_cast<Word>(payload), static_cast<Word>(payload_size) });
    return image;
}

template <class Word>
std::optional<int> read(std::span<const std::byte, Inbox::kSize> image)
{
    const auto head = get<Header<Word>>(image, 0);
    const auto control = get<Control<Word>>(image, kControlAt);
    constexpr Word kLength = sizeof(Word) + 3 * sizeof(std::int32_t); // CMSG_LEN(sizeof(int))
    const bool whole = (head.flags & MSG_CTRUNC) == 0 && control.length == kLength &&
                       control.level == SOL_SOCKET && control.type == SCM_RIGHTS;
    return whole ? std::optional(control.fd) : std::nullopt;
}

} // namespace

Inbox::Image Inbox::image(Abi abi, RemoteAddress at, RemoteAddress payload,
                          std::size_t payload_size)
{
    return abi == Abi::x86_64 ? make<std::uint64_t>(at, payload, payload_size)
                              : make<std::uint32_t>(at, payload, payload_size);
}

std::optional<int> Inbox::received(Abi abi, std::span<const std::byte, kSize> image)
{
    return abi == Abi::x86_64 ? read<std::uint64_t>(image) : read<std::uint32_t>(image);
}

} // namespace dmaheap::delivery
