// SPDX-License-Identifier: MIT
#include "tests/support/deadline.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include <poll.h>

namespace dmaheap::test {

int slowness()
{
    const char *text = std::getenv("DMAHEAPD_TEST_SLOW");
    return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

int times(int often)
{
    return slowness() == 1 ? often : std::max(1, often / 5);
}

Deadline::Deadline(std::chrono::milliseconds patience)
    : at_(std::chrono::steady_clock::now() + patience * slowness())
{
}

bool Deadline::passed() const
{
    return std::chrono::steady_clock::now() >= at_;
}

std::chrono::nanoseconds Deadline::left() const
{
    return std::max(std::chrono::nanoseconds(0), at_ - std::chrono::steady_clock::now());
}

static timespec timespec_of(std::chrono::nanoseconds time)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    return { .tv_sec = seconds.count(), .tv_nsec = (time - seconds).count() };
}

bool await_readable(int fd, const Deadline &deadline)
{
    for (;;) {
        pollfd wanted{ .fd = fd, .events = POLLIN, .revents = 0 };
        const timespec left = timespec_of(deadline.left());

        const int ready = ::ppoll(&wanted, 1, &left, nullptr);
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

void let_pass(std::chrono::nanoseconds time)
{
    std::this_thread::sleep_for(time);
}

} // namespace dmaheap::test
