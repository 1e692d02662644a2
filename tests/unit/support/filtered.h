// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <functional>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <linux/dma-heap.h>
#include <sys/ioctl.h>

#include "cuse/delivery/post.h"
#include "cuse/notify/filter.h"
#include "cuse/notify/interrupted.h"
#include "cuse/notify/listener.h"
#include "tests/support/catch.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/skip.h"

namespace dmaheap::test {

using cuse::Interrupted;
using cuse::Listener;
using cuse::Notification;
using cuse::Reported;
using cuse::Waits;

/// A process that has put a filter on itself, and its listener.
struct Filtered {
    explicit Filtered(const std::function<int(const Line &)> &body, Reported reported = {},
                      Waits waits = Waits::killably)
        : child([=](const Line &line) {
              auto installed = cuse::install_filter(reported, waits);
              line.say(installed ? installed->listener.get() : -installed.error().code);
              line.hear(); // until the other side has it
              return body(line);
          }),
          listener(fetched(), waits)
    {
        child.line().say();
    }

    UniqueFd fetched()
    {
        const long number = child.line().hear();
        if (number < 0)
            skip_program("no seccomp notification on this machine");
        const auto table = delivery::DescriptorTable::of(child.pid());
        auto fd = table ? table->fetch(static_cast<int>(number)) : std::unexpected(table.error());
        if (!fd)
            skip_program("no pidfd_getfd on this machine");
        return *std::move(fd);
    }

    Notification next()
    {
        pollfd waited{ .fd = listener.fd(), .events = POLLIN, .revents = 0 };
        ::poll(&waited, 1, -1);
        const auto received = listener.receive();
        REQUIRE(received);
        REQUIRE(*received);
        return **received;
    }

    Child child;
    Listener listener;
    Interrupted interrupted;
};

inline int null_device()
{
    return ::open("/dev/null", O_RDWR | O_CLOEXEC);
}

/// The errno of an allocation, and 0 for success with `fd` as its descriptor.
inline int allocate(dma_heap_allocation_data &data)
{
    const int node = null_device();
    const int result = ::ioctl(node, DMA_HEAP_IOCTL_ALLOC, &data);
    const int error = errno;
    ::close(node);
    return result == 0 ? 0 : error;
}

} // namespace dmaheap::test
