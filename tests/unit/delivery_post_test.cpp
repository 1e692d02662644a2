// SPDX-License-Identifier: MIT
#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "cuse/delivery/post.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"

using namespace dmaheap;
using namespace dmaheap::delivery;

namespace {

using namespace std::string_view_literals;

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

UniqueFd new_socket(int domain, int type)
{
    return UniqueFd(::socket(domain, type | SOCK_CLOEXEC, 0));
}

struct Received {
    std::string payload;
    UniqueFd fd;
};

Received receive(int socket)
{
    std::array<char, 64> text{};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    iovec range{ text.data(), text.size() };
    msghdr message{};
    message.msg_iov = &range, message.msg_iovlen = 1;
    message.msg_control = control.data(), message.msg_controllen = control.size();

    Received received;
    const ssize_t size = ::recvmsg(socket, &message, MSG_DONTWAIT);
    if (size >= 0)
        received.payload.assign(text.data(), static_cast<std::size_t>(size));
    if (const cmsghdr *const head = CMSG_FIRSTHDR(&message); size >= 0 && head) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
        received.fd.reset(fd);
    }
    return received;
}

ino_t inode_of(int fd)
{
    struct stat attributes{};
    return ::fstat(fd, &attributes) == 0 ? attributes.st_ino : 0;
}

/// Whether there are pidfds of threads that are not the first of their process: from Linux 6.9 on.
bool kernel_knows_threads()
{
    UniqueFd pidfd;
    std::jthread([&pidfd] {
        pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, ::gettid(), O_EXCL)));
    }).join();
    return pidfd.valid();
}

UniqueFd new_file()
{
    return UniqueFd(::memfd_create("post", MFD_CLOEXEC));
}

} // namespace

TEST_CASE("post: a fresh socket receives what was posted to it", "[delivery]")
{
    const UniqueFd socket = new_socket(AF_UNIX, SOCK_DGRAM);
    const UniqueFd file = new_file();

    REQUIRE(post_to_itself(socket.get(), bytes_of("some words"), file.get()));

    const Received received = receive(socket.get());
    CHECK(received.payload == "some words");
    CHECK(inode_of(received.fd.get()) == inode_of(file.get()));
}

TEST_CASE("post: an empty payload carries a descriptor too", "[delivery]")
{
    const UniqueFd socket = new_socket(AF_UNIX, SOCK_DGRAM);
    const UniqueFd file = new_file();

    REQUIRE(post_to_itself(socket.get(), {}, file.get()));

    const Received received = receive(socket.get());
    CHECK(received.payload.empty());
    CHECK(inode_of(received.fd.get()) == inode_of(file.get()));
}

TEST_CASE("post: what is no unix datagram socket is refused", "[delivery]")
{
    const std::array others{ new_socket(AF_UNIX, SOCK_STREAM), new_socket(AF_UNIX, SOCK_SEQPACKET),
                             new_socket(AF_INET, SOCK_DGRAM), new_file() };

    CHECK_FALSE(post_to_itself(-1, {}, STDIN_FILENO));
    for (const UniqueFd &other : others)
        CHECK_FALSE(post_to_itself(other.get(), bytes_of("x"), STDIN_FILENO));
}

TEST_CASE("post: a socket that somebody has sent something to is refused", "[delivery]")
{
    const UniqueFd socket = new_socket(AF_UNIX, SOCK_DGRAM);
    REQUIRE(post_to_itself(socket.get(), bytes_of("a stranger's"), STDIN_FILENO));

    const auto posted = post_to_itself(socket.get(), bytes_of("ours"), STDIN_FILENO);

    REQUIRE_FALSE(posted);
    CHECK(posted.error().code == EPROTO);
    CHECK(receive(socket.get()).payload == "a stranger's");
    CHECK(receive(socket.get()).payload.empty());
}

TEST_CASE("post: from then on nobody else can send to the socket", "[delivery]")
{
    const UniqueFd socket = new_socket(AF_UNIX, SOCK_DGRAM);
    REQUIRE(post_to_itself(socket.get(), bytes_of("ours"), STDIN_FILENO));
    sockaddr_un name{};
    socklen_t length = sizeof name;
    REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr *>(&name), &length) == 0);

    const UniqueFd stranger = new_socket(AF_UNIX, SOCK_DGRAM);
    const ssize_t sent = ::sendto(stranger.get(), "x", 1, MSG_DONTWAIT,
                                  reinterpret_cast<const sockaddr *>(&name), length);

    CHECK(sent == -1);
    CHECK(errno == EPERM);
}

TEST_CASE("post: a message that does not fit is refused", "[delivery]")
{
    const UniqueFd socket = new_socket(AF_UNIX, SOCK_DGRAM);
    const int least = 1; // the kernel rounds it up
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    const std::string much(100'000, 'x');

    CHECK_FALSE(post_to_itself(socket.get(), bytes_of(much), STDIN_FILENO));
}

TEST_CASE("descriptor_table: fetches from another process, and only what is there", "[delivery]")
{
    const UniqueFd file = new_file();
    const test::Child child([&file](const test::Line &line) {
        line.say(::fcntl(file.get(), F_DUPFD, 500));
        return test::sleep_until_killed(line);
    });
    REQUIRE(child.line().hear() == 500);

    const auto table = DescriptorTable::of(child.pid());
    REQUIRE(table);
    const auto fetched = table->fetch(500);
    const auto missing = table->fetch(501);

    REQUIRE(fetched);
    CHECK(inode_of(fetched->get()) == inode_of(file.get()));
    CHECK((::fcntl(fetched->get(), F_GETFD) & FD_CLOEXEC) != 0);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == EBADF);
}

TEST_CASE("descriptor_table: of a thread that shares its process's table", "[delivery]")
{
    const test::Child child([](const test::Line &line) {
        std::jthread([&line] {
            const UniqueFd file = new_file();
            line.say(::gettid());
            line.say(file.get());
            line.hear();
        }).join();
        return 0;
    });
    const auto thread = static_cast<pid_t>(child.line().hear());
    const int number = static_cast<int>(child.line().hear());
    REQUIRE(thread != child.pid());

    const auto table = DescriptorTable::of(thread);
    REQUIRE(table);

    CHECK(table->fetch(number));
    child.line().say();
}

TEST_CASE("descriptor_table: a thread's unshared table is its own, or is refused", "[delivery]")
{
    // In the child, number 500 is one file for the process and another one for the thread.
    const UniqueFd of_process = new_file();
    const UniqueFd of_thread = new_file();
    const test::Child child([&](const test::Line &line) {
        ::dup2(of_process.get(), 500);
        std::jthread([&] {
            ::unshare(CLONE_FILES);
            ::dup2(of_thread.get(), 500);
            line.say(::gettid());
            line.hear();
        }).join();
        return 0;
    });
    const auto table = DescriptorTable::of(static_cast<pid_t>(child.line().hear()));
    REQUIRE(table);

    const auto fetched = table->fetch(500);

    if (kernel_knows_threads()) {
        REQUIRE(fetched);
        CHECK(inode_of(fetched->get()) == inode_of(of_thread.get()));
    } else {
        REQUIRE_FALSE(fetched);
        CHECK(fetched.error().code == EOPNOTSUPP);
    }
    child.line().say();
}

TEST_CASE("descriptor_table: a process that is gone has none", "[delivery]")
{
    test::Child child(test::sleep_until_killed);
    const auto table = DescriptorTable::of(child.pid());
    REQUIRE(table);
    const pid_t gone = child.pid();
    child.kill(SIGKILL);
    child.wait();

    CHECK_FALSE(table->fetch(0));
    CHECK_FALSE(DescriptorTable::of(gone));
}
