// SPDX-License-Identifier: MIT
#include <cstring>
#include <vector>

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/sys.h"
#include "core/watched_files.h"
#include "tests/support/catch.h"

using namespace dmaheap;

namespace {

using Numbers = std::vector<std::uint64_t>;

/// As little of a file as can be polled.
UniqueFd a_file()
{
    return UniqueFd(::eventfd(0, EFD_CLOEXEC));
}

/// Sends a descriptor into a socket.
void send_into(int socket, int fd)
{
    char byte = 0;
    iovec data{ .iov_base = &byte, .iov_len = 1 };
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)]{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr *const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    REQUIRE(::sendmsg(socket, &message, 0) == 1);
}

struct Fixture {
    Numbers remaining()
    {
        auto numbers = watched.remaining();
        REQUIRE(numbers);
        return *std::move(numbers);
    }

    WatchedFiles watched = *WatchedFiles::create();
};

} // namespace

TEST_CASE_METHOD(Fixture, "watched files: a file ends with its last descriptor", "[core]")
{
    UniqueFd file = a_file();
    UniqueFd second = *sys::duplicate(file.get());
    REQUIRE(watched.add(file.get(), 0x2a));

    CHECK(remaining() == Numbers{ 0x2a });
    file.reset();
    CHECK(remaining() == Numbers{ 0x2a });
    second.reset();
    CHECK(remaining().empty());
}

TEST_CASE_METHOD(Fixture, "watched files: a descriptor that is under way in a socket counts",
                 "[core]")
{
    int sockets[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
    UniqueFd sender(sockets[0]);
    UniqueFd receiver(sockets[1]);
    UniqueFd file = a_file();
    REQUIRE(watched.add(file.get(), 7));
    send_into(sender.get(), file.get());

    file.reset();

    CHECK(remaining() == Numbers{ 7 });
    receiver.reset(); // with what nobody has received
    sender.reset();
    CHECK(remaining().empty());
}

TEST_CASE_METHOD(Fixture, "watched files: numbers of descriptors that are used again do no harm",
                 "[core]")
{
    UniqueFd first = a_file();
    UniqueFd kept = *sys::duplicate(first.get());
    REQUIRE(watched.add(first.get(), 1));
    const int number = first.get();
    first.reset();
    UniqueFd second = a_file();
    REQUIRE(second.get() == number);

    REQUIRE(watched.add(second.get(), 2));

    CHECK(remaining() == Numbers{ 1, 2 });
    kept.reset();
    CHECK(remaining() == Numbers{ 2 });
}

TEST_CASE_METHOD(Fixture, "watched files: thousands are told apart", "[core]")
{
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const std::uint64_t count = limit.rlim_cur > 4000 ? 3000 : 300;
    std::vector<UniqueFd> files;
    for (std::uint64_t number = 0; number < count; ++number) {
        files.push_back(a_file());
        REQUIRE(watched.add(files.back().get(), 1'000'000'000'000 + number));
    }
    CHECK(remaining().size() == count);

    for (std::uint64_t number = 0; number < count; ++number)
        if (number % 3 != 0)
            files[number].reset();

    const Numbers left = remaining();
    REQUIRE(left.size() == (count + 2) / 3);
    for (std::uint64_t at = 0; at < left.size(); ++at)
        CHECK(left[at] == 1'000'000'000'000 + 3 * at);
}

TEST_CASE_METHOD(Fixture, "watched files: what cannot be polled cannot be watched", "[core]")
{
    const UniqueFd file = *sys::memfd("plain", 4096);

    const Status added = watched.add(file.get(), 1);

    REQUIRE_FALSE(added);
    CHECK(added.error().code == EPERM);
}
