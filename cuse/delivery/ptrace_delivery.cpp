// SPDX-License-Identifier: MIT
#include "cuse/delivery/ptrace_delivery.h"

#include <csignal>

#include "cuse/delivery/hand_over.h"
#include "cuse/delivery/one_cpu.h"
#include "cuse/delivery/pick_up.h"
#include "cuse/delivery/thread_stat.h"
#include "cuse/delivery/transfer.h"
#include "cuse/delivery/window.h"

namespace dmaheap::delivery {

namespace {

/// What the client is told if the daemon dies before the client has stopped. The real result takes
/// its place, and the struct is not written before the descriptor is there.
constexpr int kUndelivered = ECONNABORTED;

Stepping stepping_for(const ThreadStat &stat)
{
    return stat.ignores(SIGTRAP) ? Stepping::system_call_stops : Stepping::single_step;
}

/// By the shorter way if the caller, who is `close_by`, has it.
Task<Status> fetch(Hand hand, bool close_by)
{
    if (close_by)
        if (const auto outcome = co_await pick_up(hand))
            co_return *outcome;

    co_return co_await hand_over(hand);
}

} // namespace

void PtraceDelivery::complete(PendingReply reply, Caller caller, Answer answer, UniqueFd buffer)
{
    Lane &mine = lane();
    const Lane::Stretch stretch(mine);
    mine.keep(deliver(mine, std::move(reply), caller, std::move(answer), std::move(buffer)));
}

std::optional<std::chrono::milliseconds> PtraceDelivery::resume()
{
    return lane().resume();
}

void PtraceDelivery::leave()
{
    const std::scoped_lock lock(mutex_);
    lanes_.erase(std::this_thread::get_id());
}

Lane &PtraceDelivery::lane()
{
    const std::scoped_lock lock(mutex_);
    auto &mine = lanes_[std::this_thread::get_id()];
    if (!mine)
        mine = std::make_unique<Lane>();
    return *mine;
}

Errand PtraceDelivery::deliver(Lane &lane, PendingReply reply, Caller caller, Answer answer,
                               UniqueFd buffer)
{
    auto tracee = Tracee::seize(caller.thread);
    if (!tracee) {
        std::move(reply).fail(tracee.error());
        on_failure_(caller, tracee.error());
        co_return;
    }
    std::move(reply).fail({ .code = kUndelivered, .step = "delivery" });

    const Status done = co_await lend(lane, *tracee, caller, std::move(answer), std::move(buffer));
    while (tracee->state() != Tracee::State::gone) {
        if (tracee->state() == Tracee::State::stopped)
            tracee->detach();
        else
            co_await Await<NextStop>(lane, *tracee); // killed: it can only end
    }
    if (!done)
        on_failure_(caller, done.error());
}

Task<Status> PtraceDelivery::lend(Lane &lane, Tracee &tracee, Caller caller, Answer answer,
                                  UniqueFd buffer)
{
    const auto stat = lane.stats().of(caller.thread).value_or(ThreadStat{}); // while it wakes up
    const bool stopped = co_await Await<NextStop>(lane, tracee);
    if (!stopped)
        co_return failure(ESRCH, "caller that has gone");

    auto window = Window::open(tracee, -kUndelivered, stepping_for(stat));
    if (!window)
        co_return std::unexpected(window.error());

    const bool close_by = caller.uid == 0 && ours_.has(caller.thread, stat.born);
    Status done;
    { // the buffer is the caller's alone, and on its own CPUs again, when it goes on
        const Transfer transfer(caller.thread, std::move(answer), std::move(buffer));
        const OneCpu together(lane, tracee, stat.cpu);
        done = co_await fetch({ lane, tracee, window->borrowed(), transfer }, close_by);
    }
    std::move(*window).close(done ? 0 : -done.error().code);
    co_return done;
}

} // namespace dmaheap::delivery
