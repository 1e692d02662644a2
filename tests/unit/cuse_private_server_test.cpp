// SPDX-License-Identifier: MIT
#include <array>
#include <filesystem>
#include <future>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cuse/private_server.h"
#include "tests/support/catch.h"

using namespace dmaheap;
using namespace dmaheap::cuse;

namespace {

std::unique_ptr<Channel> channel_of(UniqueFd fd)
{
    static constexpr fuse_lowlevel_ops kNone{};
    return std::make_unique<Channel>(Channel::make_session(kNone, nullptr), std::move(fd));
}

struct Ends {
    Ends()
    {
        std::array<int, 2> ends{};
        const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
        REQUIRE(::socketpair(AF_UNIX, type, 0, ends.data()) == 0);
        kernel.reset(ends[0]);
        daemon.reset(ends[1]);
    }

    UniqueFd kernel;
    UniqueFd daemon;
};

/// Whether a thread of this process has this descriptor in its table.
bool has_descriptor(pid_t thread, int fd)
{
    return std::filesystem::is_symlink(std::filesystem::symlink_status(
        "/proc/self/task/" + std::to_string(thread) + "/fd/" + std::to_string(fd)));
}

} // namespace

TEST_CASE_METHOD(Ends, "private_server: the channel is in the serving thread's table alone",
                 "[cuse]")
{
    pid_t serving = 0;
    const int number = daemon.get();
    const UniqueFd other(::memfd_create("other", MFD_CLOEXEC));

    const PrivateServer server(std::move(daemon), [&serving](UniqueFd fd) {
        serving = ::gettid();
        return channel_of(std::move(fd));
    });

    CHECK(serving != ::gettid());
    CHECK(::fcntl(number, F_GETFD) == -1);
    CHECK(has_descriptor(serving, number));
    CHECK_FALSE(has_descriptor(serving, other.get()));
}

TEST_CASE_METHOD(Ends, "private_server: fetches what the process has opened since", "[cuse]")
{
    const PrivateServer server(std::move(daemon), channel_of);
    const UniqueFd file(::memfd_create("fetched", MFD_CLOEXEC));
    REQUIRE(::write(file.get(), "x", 1) == 1);

    const auto fetched = server.fetch(file.get());

    REQUIRE(fetched);
    CHECK(fetched->get() != file.get());
    CHECK(::lseek(fetched->get(), 0, SEEK_END) == 1);
    CHECK((::fcntl(fetched->get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_FALSE(server.fetch(12345));
}

TEST_CASE_METHOD(Ends, "private_server: what is posted is done on the serving thread", "[cuse]")
{
    pid_t serving = 0;
    PrivateServer server(std::move(daemon), [&serving](UniqueFd fd) {
        serving = ::gettid();
        return channel_of(std::move(fd));
    });
    for (int round = 0; round < 3; ++round) {
        std::promise<pid_t> done;

        server.post([&done] { done.set_value(::gettid()); });

        CHECK(done.get_future().get() == serving);
    }
}

TEST_CASE_METHOD(Ends, "private_server: what was posted is done before its end", "[cuse]")
{
    int done = 0;
    {
        PrivateServer server(std::move(daemon), channel_of);
        for (int count = 0; count < 100; ++count)
            server.post([&done] { ++done; });
    }

    CHECK(done == 100);
}

TEST_CASE_METHOD(Ends, "private_server: a channel that cannot be made is reported to its maker",
                 "[cuse]")
{
    const auto refuse = [](UniqueFd) -> std::unique_ptr<Channel> {
        throw std::runtime_error("no channel");
    };

    CHECK_THROWS_WITH(PrivateServer(std::move(daemon), refuse), "no channel");
}

TEST_CASE_METHOD(Ends, "private_server: its end closes the channel", "[cuse]")
{
    {
        const PrivateServer server(std::move(daemon), channel_of);
    }

    char byte = 0;
    CHECK(::recv(kernel.get(), &byte, 1, MSG_DONTWAIT) == 0);
}
