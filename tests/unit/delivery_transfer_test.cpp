// SPDX-License-Identifier: MIT
#include <array>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "cuse/delivery/transfer.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

struct Struct {
    std::uint64_t length;
    std::uint32_t fd;
    std::uint32_t flags;
};

constexpr Struct kAsPassed{ .length = 5000, .fd = 0, .flags = 2 };

/// What the client does of its own accord here, and is made to do in reality.
enum Command { receive, receive_at_limit, show_fd_field, read_from };

// In the child they are at the same addresses.
Struct argument{};
alignas(8) Inbox::Image scratch{};

int receive_in_child(int socket)
{
    return static_cast<int>(::recvmsg(socket, reinterpret_cast<msghdr *>(scratch.data()),
                                      MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
}

int receive_at_limit_in_child(int socket)
{
    const rlimit none{ .rlim_cur = 0, .rlim_max = 0 };
    ::setrlimit(RLIMIT_NOFILE, &none);
    return receive_in_child(socket);
}

char byte_of(int fd)
{
    char byte = '-';
    return ::pread(fd, &byte, 1, 0) == 1 ? byte : '-';
}

int client(const test::Line &line)
{
    argument = kAsPassed;
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    line.say(socket);
    for (long command = line.hear(); command != -1; command = line.hear()) {
        if (command == receive)
            line.say(receive_in_child(socket));
        else if (command == receive_at_limit)
            line.say(receive_at_limit_in_child(socket));
        else if (command == show_fd_field)
            line.say(static_cast<long>(argument.fd));
        else if (command == read_from)
            line.say(byte_of(static_cast<int>(line.hear())));
    }
    return 0;
}

struct Fixture {
    Fixture() : child(client), socket(static_cast<int>(child.line().hear())) {}

    [[nodiscard]] Transfer transfer(std::optional<std::size_t> fd_at = offsetof(Struct, fd)) const
    {
        UniqueFd buffer(::memfd_create("transfer", MFD_CLOEXEC));
        REQUIRE(::write(buffer.get(), "B", 1) == 1);
        std::vector<std::byte> out(fd_at ? sizeof kAsPassed : 0);
        if (fd_at)
            std::memcpy(out.data(), &kAsPassed, sizeof kAsPassed);
        return { child.pid(),
                 Answer{ .argument = reinterpret_cast<std::uintptr_t>(&argument),
                         .out = std::move(out),
                         .fd_at = fd_at,
                         .close_on_exec = true },
                 std::move(buffer) };
    }

    [[nodiscard]] long ask(Command command) const
    {
        child.line().say(command);
        return child.line().hear();
    }

    [[nodiscard]] char read_from_fd(int fd) const
    {
        child.line().say(read_from);
        child.line().say(fd);
        return static_cast<char>(child.line().hear());
    }

    test::Child child;
    int socket;
    RemoteAddress inbox{ reinterpret_cast<std::uintptr_t>(scratch.data()) };
};

} // namespace

TEST_CASE_METHOD(Fixture, "transfer: the caller receives the buffer, and its struct the number",
                 "[delivery]")
{
    const Transfer transfer = this->transfer();

    REQUIRE(transfer.send(Abi::x86_64, socket, inbox));
    CHECK(ask(receive) == sizeof(Struct));

    const auto number = transfer.received(Abi::x86_64, inbox);
    REQUIRE(number);
    CHECK(read_from_fd(*number) == 'B');
    CHECK(ask(show_fd_field) == socket); // whose place the buffer takes
}

TEST_CASE_METHOD(Fixture, "transfer: a command that copies nothing back leaves the struct alone",
                 "[delivery]")
{
    const Transfer transfer = this->transfer(std::nullopt);

    REQUIRE(transfer.send(Abi::x86_64, socket, inbox));
    CHECK(ask(receive) == 0);

    CHECK(transfer.received(Abi::x86_64, inbox));
    CHECK(ask(show_fd_field) == 0);
}

TEST_CASE_METHOD(Fixture, "transfer: a caller that may have no further descriptor is at its limit",
                 "[delivery]")
{
    const Transfer transfer = this->transfer();
    REQUIRE(transfer.send(Abi::x86_64, socket, inbox));
    REQUIRE(ask(receive_at_limit) == sizeof(Struct));

    const auto number = transfer.received(Abi::x86_64, inbox);

    REQUIRE_FALSE(number);
    CHECK(number.error().code == EMFILE);
    CHECK(ask(show_fd_field) == socket); // the payload has come all the same
    transfer.take_back();
    CHECK(ask(show_fd_field) == 0);
}

TEST_CASE_METHOD(Fixture, "transfer: only a socket of the caller can be sent to", "[delivery]")
{
    const Transfer transfer = this->transfer();

    CHECK_FALSE(transfer.send(Abi::x86_64, 12345, inbox));
    CHECK_FALSE(transfer.send(Abi::x86_64, STDIN_FILENO, inbox));
    CHECK_FALSE(transfer.send(Abi::x86_64, socket, RemoteAddress{ 1 }));
}

TEST_CASE_METHOD(Fixture, "transfer: an inbox that cannot be read tells of no descriptor",
                 "[delivery]")
{
    const auto number = transfer().received(Abi::x86_64, RemoteAddress{ 1 });

    REQUIRE_FALSE(number);
    CHECK(number.error().code == EFAULT);
}
