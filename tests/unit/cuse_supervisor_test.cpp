// SPDX-License-Identifier: MIT
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <future>
#include <semaphore>
#include <utility>

#include <fcntl.h>

#include <linux/dma-heap.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "cuse/delivery/remote_memory.h"
#include "cuse/notify/supervisor.h"
#include "tests/support/catch.h"
#include "tests/unit/support/filtered.h"

using namespace dmaheap;
using namespace dmaheap::cuse;
using test::allocate;
using test::Filtered;
using test::Line;
using test::null_device;

namespace {

/// Answers everything with an errno.
class Refusing final : public Desk {
public:
    bool take(const Listener &listener, const Notification &waiting) override
    {
        return static_cast<bool>(listener.answer(waiting.id, EDOM));
    }
};

} // namespace

TEST_CASE("supervisor: it serves until the last client is gone, and stops when it is to", "[cuse]")
{
    Filtered filtered([](const Line &line) {
        dma_heap_allocation_data data{};
        const int first = allocate(data);
        const int second = allocate(data);
        line.say();
        line.hear();
        return first == EDOM && second == EDOM ? 0 : 1;
    });
    Refusing desk;
    {
        const Supervisor supervisor(std::move(filtered.listener), desk, 3);
        filtered.child.line().hear();
    }
    filtered.child.line().say();
    CHECK(filtered.child.wait() == 0);
}

namespace {

/// Answers nobody before there are two.
class Pairing final : public Desk {
public:
    bool take(const Listener &listener, const Notification &waiting) override
    {
        if (came_.fetch_add(1) == 1)
            both_.release(2);
        const bool met = both_.try_acquire_for(std::chrono::seconds(30));
        return static_cast<bool>(listener.answer(waiting.id, met ? EDOM : EIO));
    }

private:
    std::atomic<int> came_ = 0;
    std::counting_semaphore<2> both_{ 0 };
};

} // namespace

TEST_CASE("supervisor: while one is served for long, another is served", "[cuse]")
{
    Filtered filtered([](const Line &line) {
        const auto refused = [] {
            dma_heap_allocation_data data{};
            return allocate(data) == EDOM;
        };
        auto other = std::async(std::launch::async, refused);
        const bool both = refused() && other.get();
        line.say();
        line.hear();
        return both ? 0 : 1;
    });
    Pairing desk;
    const Supervisor supervisor(std::move(filtered.listener), desk, 2);
    filtered.child.line().hear();
    filtered.child.line().say();
    CHECK(filtered.child.wait() == 0);
}

namespace {

/// A page behind which nobody ever puts anything; null where there can be none.
void *hanging_page()
{
    const int faults = static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC));
    uffdio_api api{ .api = UFFD_API, .features = 0, .ioctls = 0 };
    void *const page =
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uffdio_register range{ .range = { .start = reinterpret_cast<std::uintptr_t>(page),
                                      .len = 4096 },
                           .mode = UFFDIO_REGISTER_MODE_MISSING,
                           .ioctls = 0 };
    const bool made = faults >= 0 && page != MAP_FAILED && ::ioctl(faults, UFFDIO_API, &api) == 0 &&
                      ::ioctl(faults, UFFDIO_REGISTER, &range) == 0;
    return made ? page : nullptr;
}

/// Looks at the struct first.
class Looking final : public Desk {
public:
    bool take(const Listener &listener, const Notification &waiting) override
    {
        std::array<std::byte, sizeof(dma_heap_allocation_data)> bytes{};
        static_cast<void>(delivery::RemoteMemory(waiting.thread)
                              .read(delivery::RemoteAddress{ waiting.argument }, bytes));
        return static_cast<bool>(listener.answer(waiting.id, EDOM));
    }
};

} // namespace

TEST_CASE("supervisor: memory that hangs is EFAULT in time, and holds up nobody", "[cuse]")
{
    constexpr int kNoneHere = 77;
    Filtered filtered([](const Line &line) {
        void *const page = hanging_page();
        line.say();
        if (!page)
            return kNoneHere;
        for (int round = 0; round < 2; ++round) {
            dma_heap_allocation_data data{};
            const int hung = ::ioctl(null_device(), DMA_HEAP_IOCTL_ALLOC, page) == 0 ? 0 : errno;
            const int other = allocate(data);
            if (hung != EFAULT || other != EDOM)
                return 1;
        }
        line.say();
        line.hear();
        return 0;
    });
    Looking desk;
    Supervisor supervisor(std::move(filtered.listener), desk, 1);
    filtered.child.line().hear();
    const bool hung = filtered.child.line().hear() == 0 && supervisor.hangs();
    filtered.child.line().say();
    const int ended = filtered.child.wait();
    CHECK((ended == kNoneHere || (ended == 0 && hung)));
}
