// SPDX-License-Identifier: MIT
#include "cuse/notify/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "core/sys.h"

namespace dmaheap::cuse {

namespace {

/// Whether a thread of ours is moving bytes from or to another process.
bool is_in_memory_of_another(pid_t thread)
{
    const auto call =
        sys::read_text(("/proc/self/task/" + std::to_string(thread) + "/syscall").c_str());
    return call && (call->starts_with(std::to_string(SYS_process_vm_readv) + ' ') ||
                    call->starts_with(std::to_string(SYS_process_vm_writev) + ' '));
}

} // namespace

Supervisor::Supervisor(Listener listener, Desk &desk, unsigned threads)
    : listener_(std::move(listener)), desk_(desk), wanted_(threads),
      stop_(::eventfd(0, EFD_CLOEXEC))
{
    if (!stop_.valid())
        throw std::system_error(errno, std::generic_category(), "eventfd");

    listener_.take_turns();
    clock_ = std::jthread([this](const std::stop_token &stop) { watch(stop); });
    const std::scoped_lock lock(looking_);
    while (seats_.size() < threads && start_thread())
        continue;
    if (seats_.empty())
        throw std::system_error(EAGAIN, std::generic_category(), "thread");
}

Supervisor::~Supervisor()
{
    ::eventfd_write(stop_.get(), 1);
    clock_.request_stop();
    clock_.join();
    seats_.clear();
}

bool Supervisor::hangs()
{
    const std::scoped_lock lock(looking_);
    return std::ranges::any_of(seats_, [](const Seat &seat) {
        return seat.serving != 0 && is_in_memory_of_another(seat.thread);
    });
}

bool Supervisor::start_thread()
{
    Seat &seat = seats_.emplace_back();
    try {
        seat.running = std::jthread([this, &seat] { run(seat); });
        return true;
    } catch (const std::system_error &) {
        seats_.pop_back();
        return false;
    }
}

void Supervisor::run(Seat &seat)
{
    seat.thread = ::gettid();
    while (const auto waiting = next(seat)) {
        seat.serving = waiting->id;
        note_beginning();
        if (!desk_.take(listener_, *waiting))
            static_cast<void>(listener_.let_pass(waiting->id));
        seat.serving = 0;
    }
}

/// Wakes the clock when it rests.
void Supervisor::note_beginning()
{
    if (to_be_looked_at_.exchange(true))
        return;

    const std::scoped_lock lock(looking_);
    if (resting_)
        began_.notify_one();
}

/// Sleeps as long as nobody is served.
void Supervisor::watch(const std::stop_token &stop)
{
    std::unique_lock lock(looking_);
    bool some_served = false;
    for (;;) {
        pause(lock, stop, some_served);
        if (stop.stop_requested())
            return;
        to_be_looked_at_ = false;
        some_served = look();
    }
}

/// Until the next look.
void Supervisor::pause(std::unique_lock<std::mutex> &lock, const std::stop_token &stop,
                       bool some_served)
{
    const auto begun = [this] { return to_be_looked_at_.load(); };
    if (listening_ && listening_->serving != 0) {
        began_.wait_for(lock, stop, kMoment, [] { return false; });
        return;
    }
    resting_ = true;
    if (some_served)
        began_.wait_for(lock, stop, kBetweenLooks, begun);
    else
        began_.wait(lock, stop, begun);
    resting_ = false;
}

/// Whether there is somebody to be looked at again.
bool Supervisor::look()
{
    bool some = false;
    for (Seat &seat : seats_) {
        const std::uint64_t id = seat.serving;
        const std::uint64_t before = std::exchange(seat.seen, id);
        if (id == 0 || id == seat.given_up)
            continue;

        some = true;
        if (id == before) {
            look_again(seat);
        } else {
            seat.looks = 0;
            seat.next_look = {};
        }
    }
    return some;
}

/// At one that takes its time: another may listen.
void Supervisor::look_again(Seat &seat)
{
    if (listening_ == &seat)
        hand_on();
    const auto now = std::chrono::steady_clock::now();
    if (now < seat.next_look)
        return;

    seat.next_look = now + kBetweenLooks;
    seat.looks = is_in_memory_of_another(seat.thread) ? seat.looks + 1 : 0;
    if (seat.looks == kLooks)
        give_up(seat);
}

/// What the thread does when it goes on, it does for one who does not wait any more.
void Supervisor::give_up(Seat &seat)
{
    seat.given_up = seat.seen;
    static_cast<void>(listener_.answer(seat.given_up, EFAULT));
    const auto able = std::ranges::count_if(seats_, [](const Seat &each) {
        return each.given_up == 0 || each.given_up != each.serving;
    });
    if (able < static_cast<std::ptrdiff_t>(wanted_) && seats_.size() < kMostThreads)
        static_cast<void>(start_thread());
}

/// Nothing when it is time to stop, or nobody is left who could call.
std::optional<Notification> Supervisor::next(Seat &seat)
{
    if (!await_turn(seat))
        return std::nullopt;

    for (;;) {
        std::array<pollfd, 2> waited{ pollfd{ listener_.fd(), POLLIN, 0 },
                                      pollfd{ stop_.get(), POLLIN, 0 } };
        ::poll(waited.data(), waited.size(), -1);
        if (waited[1].revents != 0 || (waited[0].revents & (POLLHUP | POLLERR)) != 0)
            return stop();
        if ((waited[0].revents & POLLIN) == 0)
            continue;

        const auto received = listener_.receive();
        if (!received)
            return stop();
        if (!received->has_value())
            continue;

        ::poll(waited.data(), 1, 0);
        if (waited[0].revents != 0) { // for the others
            const std::scoped_lock lock(looking_);
            hand_on();
        }
        return *received;
    }
}

/// Another may listen. With `looking_`.
void Supervisor::hand_on()
{
    listening_ = nullptr;
    turn_.notify_one();
}

/// False when it is time to stop. The turn of one that was quick is its own still.
bool Supervisor::await_turn(Seat &seat)
{
    std::unique_lock lock(looking_);
    turn_.wait(lock, [&] { return stopped_ || !listening_ || listening_ == &seat; });
    listening_ = &seat;
    return !stopped_;
}

/// Everybody.
std::nullopt_t Supervisor::stop()
{
    const std::scoped_lock lock(looking_);
    stopped_ = true;
    turn_.notify_all();
    return std::nullopt;
}

} // namespace dmaheap::cuse
