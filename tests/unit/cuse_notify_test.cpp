// SPDX-License-Identifier: MIT
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "core/inode.h"
#include "core/sys.h"
#include "cuse/delivery/delivery.h"
#include "cuse/delivery/remote_memory.h"
#include "cuse/notify/filter.h"
#include "cuse/notify/interrupted.h"
#include "cuse/notify/listener.h"
#include "cuse/notify/notified_client.h"
#include "cuse/notify/tables.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/filtered.h"

using namespace dmaheap;
using namespace dmaheap::cuse;
using test::allocate;
using test::Child;
using test::Filtered;
using test::Line;
using test::null_device;

namespace {

delivery::Answer answer_for(const Notification &waiting, bool close_on_exec)
{
    return { .argument = waiting.argument,
             .out = std::vector<std::byte>(sizeof(dma_heap_allocation_data)),
             .fd_at = offsetof(dma_heap_allocation_data, fd),
             .close_on_exec = close_on_exec };
}

} // namespace

TEST_CASE("notify: an allocation is reported as it was asked", "[cuse]")
{
    Filtered filtered([](const Line &line) {
        dma_heap_allocation_data data{};
        line.say(reinterpret_cast<long>(&data));
        return allocate(data);
    });
    const auto argument = static_cast<std::uint64_t>(filtered.child.line().hear());

    const Notification waiting = filtered.next();
    CHECK(waiting.command == DMA_HEAP_IOCTL_ALLOC);
    CHECK(waiting.argument == argument);
    CHECK(waiting.thread == filtered.child.pid());
    CHECK(filtered.listener.is_waiting(waiting.id));
    REQUIRE(filtered.listener.answer(waiting.id, EBUSY));
    CHECK_FALSE(filtered.listener.is_waiting(waiting.id));
    CHECK(filtered.child.wait() == EBUSY);
}

TEST_CASE("notify: what is let pass is the kernel's to answer", "[cuse]")
{
    Filtered filtered([](const Line &) {
        dma_heap_allocation_data data{};
        return allocate(data);
    });
    REQUIRE(filtered.listener.let_pass(filtered.next().id));
    CHECK(filtered.child.wait() == ENOTTY);
}

TEST_CASE("notify: other ioctls are not reported", "[cuse]")
{
    constexpr int kNotReported = 7;
    Filtered filtered([](const Line &) {
        const int node = null_device();
        dma_buf_sync sync{ .flags = DMA_BUF_SYNC_READ };
        int size = 0;
        ::ioctl(node, DMA_BUF_IOCTL_SYNC, &sync);
        ::ioctl(node, FIONREAD, &size);
        return kNotReported;
    });
    CHECK(filtered.child.wait() == kNotReported); // with nobody to answer anything
}

TEST_CASE("notify: what is asked of buffers is reported where that is wanted", "[cuse]")
{
    Filtered filtered(
        [](const Line &) {
            dma_buf_sync sync{ .flags = DMA_BUF_SYNC_READ };
            return ::ioctl(null_device(), DMA_BUF_IOCTL_SYNC, &sync) == 0 ? 0 : errno;
        },
        Reported{ .of_buffers = true });
    const Notification waiting = filtered.next();
    CHECK(waiting.command == DMA_BUF_IOCTL_SYNC);
    REQUIRE(filtered.listener.answer(waiting.id, 0));
    CHECK(filtered.child.wait() == 0);
}

TEST_CASE("notify: a client gets the descriptor and its number", "[cuse]")
{
    for (const bool close_on_exec : { false, true }) {
        Filtered filtered([=](const Line &) {
            const int lowest = ::dup(0);
            ::close(lowest);
            dma_heap_allocation_data data{};
            const int node = null_device(); // takes the lowest one
            const int error = ::ioctl(node, DMA_HEAP_IOCTL_ALLOC, &data) == 0 ? 0 : errno;
            char byte = 0;
            const bool whole = ::pread(static_cast<int>(data.fd), &byte, 1, 0) == 1;
            const int flags = ::fcntl(static_cast<int>(data.fd), F_GETFD);
            const bool right = static_cast<int>(data.fd) > lowest && whole && byte == 'b';
            return error == 0 && right && flags == (close_on_exec ? FD_CLOEXEC : 0) ? 0 : 1;
        });
        const Notification waiting = filtered.next();
        UniqueFd buffer = *sys::memfd("buffer", 4096);
        REQUIRE(::pwrite(buffer.get(), "b", 1, 0) == 1);

        NotifiedClient client(filtered.listener, filtered.interrupted, waiting);
        const Status done = client.hand_over(answer_for(waiting, close_on_exec), std::move(buffer));
        CHECK(done);
        client.answer(0, {});
        CHECK(filtered.child.wait() == 0);
    }
}

TEST_CASE("notify: a struct that cannot be written leaves no descriptor", "[cuse]")
{
    Filtered filtered([](const Line &) {
        void *const page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        const int node = null_device();
        const int error = ::ioctl(node, DMA_HEAP_IOCTL_ALLOC, page) == 0 ? 0 : errno;
        const int next = ::dup(0);
        return error == EFAULT && next == node + 1 ? 0 : 1;
    });
    const Notification waiting = filtered.next();
    NotifiedClient client(filtered.listener, filtered.interrupted, waiting);
    const Status done = client.hand_over(answer_for(waiting, true), *sys::memfd("buffer", 4096));
    REQUIRE_FALSE(done);
    CHECK(done.error().code == EFAULT);
    client.answer(done.error().code, {});
    CHECK(filtered.child.wait() == 0);
}

TEST_CASE("notify: a client that has been killed gets nothing", "[cuse]")
{
    Filtered filtered([](const Line &) {
        dma_heap_allocation_data data{};
        return allocate(data);
    });
    const Notification waiting = filtered.next();
    filtered.child.kill(SIGKILL);
    CHECK(filtered.child.wait() == 128 + SIGKILL);

    NotifiedClient client(filtered.listener, filtered.interrupted, waiting);
    CHECK_FALSE(client.hand_over(answer_for(waiting, true), *sys::memfd("buffer", 4096)));
    client.answer(EIO, {});
}

TEST_CASE("notify: this kernel adds descriptors", "[cuse]")
{
    Filtered filtered([](const Line &) { return 0; });
    CHECK(filtered.listener.can_add_descriptors());
    CHECK(filtered.child.wait() == 0);
}

namespace {

void ignore(int) {}

/// What comes of an allocation by a program that counts its descriptors, and asks again when a
/// signal has interrupted it: 0 when it has the one of data.fd and no other.
int allocate_interrupted(int flags)
{
    struct sigaction action{};
    action.sa_handler = ignore;
    action.sa_flags = flags;
    ::sigaction(SIGUSR1, &action, nullptr);

    const int node = null_device();
    dma_heap_allocation_data data{ .len = 4096, .fd = 0, .fd_flags = O_RDWR, .heap_flags = 0 };
    int result = ::ioctl(node, DMA_HEAP_IOCTL_ALLOC, &data);
    if (result == -1 && errno == EINTR) {
        data.fd = 0;
        result = ::ioctl(node, DMA_HEAP_IOCTL_ALLOC, &data);
    }
    const int next = ::dup(0);
    const bool right = static_cast<int>(data.fd) == node + 1 && next == node + 2;
    return result == 0 && right ? 0 : 1;
}

delivery::Answer answer_of(const Notification &waiting)
{
    const dma_heap_allocation_data data{
        .len = 4096, .fd = 0, .fd_flags = O_RDWR, .heap_flags = 0
    };
    auto answer = answer_for(waiting, false);
    std::memcpy(answer.out.data(), &data, sizeof data);
    return answer;
}

/// The struct as it is in the client.
std::vector<std::byte> struct_of(const Notification &waiting)
{
    std::vector<std::byte> bytes(sizeof(dma_heap_allocation_data));
    REQUIRE(delivery::RemoteMemory(waiting.thread)
                .read(delivery::RemoteAddress{ waiting.argument }, bytes));
    return bytes;
}

} // namespace

TEST_CASE("notify: descriptors are fetched anew from each who has a thread's number", "[cuse]")
{
    const auto first = *sys::memfd("first", 4096);
    Tables tables;
    const auto fetched = [&](pid_t thread, int fd) {
        auto got = tables.fetch(thread, fd);
        return got ? *inode_of(got->get()) : Inode{};
    };
    CHECK(fetched(::gettid(), first.get()) == *inode_of(first.get()));
    CHECK(fetched(::gettid(), first.get()) == *inode_of(first.get()));
    CHECK(tables.fetch(::gettid(), -1).error().code == EBADF);

    Child child([](const Line &line) {
        line.hear();
        return 0;
    });
    const pid_t ended = child.pid();
    CHECK(fetched(ended, first.get()) == *inode_of(first.get()));
    child.line().say();
    child.wait();
    CHECK_FALSE(tables.fetch(ended, first.get()));
}

TEST_CASE("notify: where signals may interrupt it, an allocation is made anew", "[cuse]")
{
    for (const int flags : { SA_RESTART, 0 }) {
        Filtered filtered([=](const Line &) { return allocate_interrupted(flags); }, Reported{},
                          Waits::interruptibly);
        const Notification first = filtered.next();
        filtered.child.kill(SIGUSR1);

        const Notification second = filtered.next();
        CHECK(second.id != first.id);
        NotifiedClient interrupted(filtered.listener, filtered.interrupted, first);
        CHECK_FALSE(interrupted.hand_over(answer_of(first), *sys::memfd("buffer", 4096)));
        NotifiedClient client(filtered.listener, filtered.interrupted, second);
        CHECK_FALSE(client.was_interrupted(struct_of(second)));
        CHECK(client.hand_over(answer_of(second), *sys::memfd("buffer", 4096)));
        client.answer(0, {});
        CHECK(filtered.child.wait() == 0);
    }
}

TEST_CASE("notify: who has the descriptor but not the answer gets no second one", "[cuse]")
{
    for (const int flags : { SA_RESTART, 0 }) {
        Filtered filtered([=](const Line &) { return allocate_interrupted(flags); }, Reported{},
                          Waits::interruptibly);
        const Notification first = filtered.next();
        NotifiedClient interrupted(filtered.listener, filtered.interrupted, first);
        CHECK(interrupted.hand_over(answer_of(first), *sys::memfd("buffer", 4096)));
        filtered.child.kill(SIGUSR1);
        const Notification second = filtered.next();
        interrupted.answer(0, {});

        NotifiedClient client(filtered.listener, filtered.interrupted, second);
        CHECK(client.was_interrupted(struct_of(second)));
        CHECK(filtered.child.wait() == 0);
    }
}

TEST_CASE("notify: another question than the interrupted one is asked anew", "[cuse]")
{
    Filtered filtered([=](const Line &) { return allocate_interrupted(SA_RESTART); }, Reported{},
                      Waits::interruptibly);
    const Notification first = filtered.next();
    NotifiedClient interrupted(filtered.listener, filtered.interrupted, first);
    CHECK(interrupted.hand_over(answer_of(first), *sys::memfd("buffer", 4096)));
    filtered.child.kill(SIGUSR1);
    const Notification second = filtered.next();
    interrupted.answer(0, {});

    auto bytes = struct_of(second);
    bytes.front() ^= std::byte{ 1 };
    NotifiedClient client(filtered.listener, filtered.interrupted, second);
    CHECK_FALSE(client.was_interrupted(bytes));
    client.answer(ENOMEM, {});
    filtered.child.wait();
}
