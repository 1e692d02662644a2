// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/unique_fd.h"
#include "cuse/delivery/inbox.h"
#include "cuse/delivery/post.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

RemoteAddress address_of(const void *here)
{
    return RemoteAddress{ reinterpret_cast<std::uintptr_t>(here) };
}

std::uint32_t word(const Inbox::Image &image, std::size_t at)
{
    std::uint32_t value = 0;
    std::memcpy(&value, image.data() + at, sizeof value);
    return value;
}

/// An inbox in this process, so that the kernel itself can say whether it is right.
struct Mail {
    Mail() : socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        image = Inbox::image(Abi::x86_64, address_of(&image), address_of(&payload), payload.size());
    }

    /// What recvmsg(2) says.
    [[nodiscard]] ssize_t receive()
    {
        return ::recvmsg(socket.get(), reinterpret_cast<msghdr *>(image.data()),
                         MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    }

    [[nodiscard]] bool send(const std::string &text, int fd) const
    {
        return post_to_itself(socket.get(), std::as_bytes(std::span(text)), fd).has_value();
    }

    UniqueFd socket;
    std::array<char, 8> payload{ "-------" };
    alignas(8) Inbox::Image image{};
};

/// What a 32-bit kernel call would leave behind.
Inbox::Image received_on_i386(std::uint32_t flags, std::uint32_t length, std::int32_t level,
                              std::int32_t type, std::int32_t fd)
{
    Inbox::Image image =
        Inbox::image(Abi::i386, RemoteAddress{ 0x1000 }, RemoteAddress{ 0x2000 }, 24);
    const std::uint32_t control = word(image, 16) - 0x1000;
    std::memcpy(image.data() + 24, &flags, sizeof flags);
    std::memcpy(image.data() + control, &length, sizeof length);
    std::memcpy(image.data() + control + 4, &level, sizeof level);
    std::memcpy(image.data() + control + 8, &type, sizeof type);
    std::memcpy(image.data() + control + 12, &fd, sizeof fd);
    return image;
}

} // namespace

TEST_CASE_METHOD(Mail, "inbox: recvmsg puts the payload where it belongs, and a descriptor",
                 "[delivery]")
{
    const UniqueFd sent(::memfd_create("sent", MFD_CLOEXEC));
    REQUIRE(send("payload", sent.get()));

    CHECK(receive() == 7);

    const auto number = Inbox::received(Abi::x86_64, image);
    REQUIRE(number);
    const UniqueFd received(*number);
    CHECK(std::string(payload.data()) == "payload");
    CHECK(received.get() != sent.get());
    CHECK(::write(received.get(), "x", 1) == 1);
    CHECK(::lseek(sent.get(), 0, SEEK_END) == 1); // the same file
}

TEST_CASE_METHOD(Mail, "inbox: without a payload there is only the descriptor", "[delivery]")
{
    image = Inbox::image(Abi::x86_64, address_of(&image), address_of(nullptr), 0);
    REQUIRE(send("", STDIN_FILENO));

    CHECK(receive() == 0);

    const auto number = Inbox::received(Abi::x86_64, image);
    REQUIRE(number);
    CHECK(::close(*number) == 0);
}

TEST_CASE_METHOD(Mail, "inbox: a descriptor that was cut off is none", "[delivery]")
{
    REQUIRE(send("payload", STDIN_FILENO));
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{ .rlim_cur = 0, .rlim_max = before.rlim_max };
    ::setrlimit(RLIMIT_NOFILE, &none);

    const ssize_t got = receive();
    ::setrlimit(RLIMIT_NOFILE, &before);

    CHECK(got == 7);
    CHECK_FALSE(Inbox::received(Abi::x86_64, image));
}

TEST_CASE_METHOD(Mail, "inbox: nothing has been received before recvmsg", "[delivery]")
{
    CHECK_FALSE(Inbox::received(Abi::x86_64, image));
}

TEST_CASE("inbox: on i386 the header is struct compat_msghdr", "[delivery]")
{
    const Inbox::Image image =
        Inbox::image(Abi::i386, RemoteAddress{ 0xf000'1000 }, RemoteAddress{ 0x2000 }, 24);
    const std::size_t range = word(image, 8) - 0xf000'1000;
    const std::size_t control = word(image, 16) - 0xf000'1000;

    CHECK(word(image, 0) == 0); // name
    CHECK(word(image, 4) == 0); // length of the name
    REQUIRE(range + 8 <= Inbox::kSize);
    CHECK(word(image, 12) == 1); // ranges
    CHECK(word(image, range) == 0x2000);
    CHECK(word(image, range + 4) == 24);
    REQUIRE(control + 16 <= Inbox::kSize);
    CHECK(word(image, 20) == 16); // CMSG_SPACE of a descriptor
    CHECK(word(image, 24) == 0);  // flags
}

TEST_CASE("inbox: on i386 a descriptor is found in the control message, if it is one", "[delivery]")
{
    const auto read = [](const Inbox::Image &image) { return Inbox::received(Abi::i386, image); };

    CHECK(read(received_on_i386(0, 16, SOL_SOCKET, SCM_RIGHTS, 42)) == 42);
    CHECK_FALSE(read(received_on_i386(MSG_CTRUNC, 16, SOL_SOCKET, SCM_RIGHTS, 42)));
    CHECK_FALSE(read(received_on_i386(0, 12, SOL_SOCKET, SCM_RIGHTS, 42)));
    CHECK_FALSE(read(received_on_i386(0, 24, SOL_SOCKET, SCM_RIGHTS, 42)));
    CHECK_FALSE(read(received_on_i386(0, 16, SOL_SOCKET, SCM_CREDENTIALS, 42)));
    CHECK_FALSE(read(received_on_i386(0, 16, 0, SCM_RIGHTS, 42)));
}
