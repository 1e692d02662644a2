// SPDX-License-Identifier: MIT
#include <array>
#include <cstring>
#include <vector>

#include <linux/fuse.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core/unique_fd.h"
#include "cuse/passthrough.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace dmaheap::cuse;

namespace {

constexpr std::size_t kFlags = 12;
constexpr std::size_t kFlags2 = 32;
constexpr std::size_t kMaxStackDepth = 36;
constexpr std::uint32_t kPassthrough = 1U << 5; // in flags2
constexpr std::uint32_t kInitExt = 1U << 30;

/// A channel whose other end shows what reaches the kernel.
struct Fixture {
    Fixture()
    {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
        channel.reset(ends[0]);
        kernel.reset(ends[1]);
    }

    /// What the kernel gets behind the header.
    std::vector<std::byte> write(Passthrough &passthrough, std::vector<std::byte> body) const
    {
        fuse_out_header head{};
        std::array<iovec, 2> reply{ iovec{ &head, sizeof head },
                                    iovec{ body.data(), body.size() } };
        const ssize_t written = passthrough.write_reply(reply);
        CHECK(written == static_cast<ssize_t>(sizeof head + body.size()));

        std::vector<std::byte> got(4096);
        const ssize_t size = ::recv(kernel.get(), got.data(), got.size(), MSG_DONTWAIT);
        REQUIRE(size == written);
        return { got.begin() + sizeof head, got.begin() + size };
    }

    UniqueFd channel;
    UniqueFd kernel;
};

std::vector<std::byte> zeroes(std::size_t size)
{
    return std::vector<std::byte>(size);
}

std::uint32_t word(const std::vector<std::byte> &bytes, std::size_t at)
{
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

} // namespace

TEST_CASE_METHOD(Fixture, "passthrough: the first answer asks for it", "[cuse]")
{
    Passthrough passthrough(true);
    passthrough.use(channel.get());

    const auto init = write(passthrough, zeroes(sizeof(fuse_init_out)));

    CHECK(word(init, kFlags) == kInitExt);
    CHECK(word(init, kFlags2) == kPassthrough);
    CHECK(word(init, kMaxStackDepth) == 1);
}

TEST_CASE_METHOD(Fixture, "passthrough: what libfuse asks for itself is still asked for", "[cuse]")
{
    Passthrough passthrough(true);
    passthrough.use(channel.get());
    auto body = zeroes(sizeof(fuse_init_out));
    body[kFlags] = std::byte{ 0x08 };
    body[kFlags2] = std::byte{ 0x02 };

    const auto init = write(passthrough, body);

    CHECK(word(init, kFlags) == (kInitExt | 8));
    CHECK(word(init, kFlags2) == (kPassthrough | 2));
}

TEST_CASE_METHOD(Fixture, "passthrough: only the first answer is changed", "[cuse]")
{
    Passthrough passthrough(true);
    passthrough.use(channel.get());
    write(passthrough, zeroes(sizeof(fuse_init_out)));

    for (const std::size_t size : { sizeof(fuse_init_out), sizeof(fuse_open_out), sizeof(char) })
        CHECK(write(passthrough, zeroes(size)) == zeroes(size));
}

TEST_CASE_METHOD(Fixture, "passthrough: nothing is changed where it is not wanted", "[cuse]")
{
    Passthrough passthrough(false);
    passthrough.use(channel.get());

    CHECK(write(passthrough, zeroes(sizeof(fuse_init_out))) == zeroes(sizeof(fuse_init_out)));

    CHECK_FALSE(passthrough.available());
    const auto backing = passthrough.back_next_open(0);
    REQUIRE_FALSE(backing);
    CHECK(backing.error().code == EOPNOTSUPP);
}

TEST_CASE_METHOD(Fixture, "passthrough: is not available from what is no FUSE channel", "[cuse]")
{
    Passthrough passthrough(true);
    passthrough.use(channel.get());

    write(passthrough, zeroes(sizeof(fuse_init_out)));

    CHECK_FALSE(passthrough.available());
    CHECK_FALSE(passthrough.back_next_open(0));
    CHECK(write(passthrough, zeroes(sizeof(fuse_open_out))) == zeroes(sizeof(fuse_open_out)));
}

TEST_CASE_METHOD(Fixture, "passthrough: an answer that is only a header goes out as it is",
                 "[cuse]")
{
    Passthrough passthrough(true);
    passthrough.use(channel.get());
    fuse_out_header head{};
    head.error = -ENOENT;
    std::array<iovec, 1> reply{ iovec{ &head, sizeof head } };

    CHECK(passthrough.write_reply(reply) == sizeof head);

    fuse_out_header got{};
    CHECK(::recv(kernel.get(), &got, sizeof got, MSG_DONTWAIT) == sizeof got);
    CHECK(got.error == -ENOENT);
}
