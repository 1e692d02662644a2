// SPDX-License-Identifier: MIT
#include "cuse/delivery/one_cpu.h"

#include <algorithm>
#include <array>
#include <bit>

namespace dmaheap::delivery {

namespace {

cpu_set_t only(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    return set;
}

/// What a thread has that never asked for less: whatever its cpuset has, now and later.
cpu_set_t all_there_are()
{
    std::array<std::byte, sizeof(cpu_set_t)> bits{};
    bits.fill(std::byte{ 0xff });
    return std::bit_cast<cpu_set_t>(bits);
}

} // namespace

OneCpu::OneCpu(Lane &lane, const Tracee &tracee, int cpu) : tracee_(tracee)
{
    const int here = ::sched_getcpu();
    if (here < 0 || ::sched_getaffinity(tracee_.thread(), sizeof before_, &before_) == -1)
        return;

    const cpu_set_t this_one = only(here);
    borrowed_ = CPU_ISSET(static_cast<std::size_t>(here), &before_) &&
                ::sched_setaffinity(tracee_.thread(), sizeof this_one, &this_one) == 0;
    lane.move_to(borrowed_ ? here : cpu);
}

OneCpu::~OneCpu()
{
    if (!borrowed_ || tracee_.state() == Tracee::State::gone)
        return;

    // Each fails only when the thread has been killed.
    const cpu_set_t all = all_there_are();
    ::sched_setaffinity(tracee_.thread(), sizeof all, &all);
    cpu_set_t now;
    const bool known = ::sched_getaffinity(tracee_.thread(), sizeof now, &now) == 0;
    if (known && !CPU_EQUAL(&now, &before_))
        ::sched_setaffinity(tracee_.thread(), sizeof before_, &before_);
}

} // namespace dmaheap::delivery
