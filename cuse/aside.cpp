// SPDX-License-Identifier: MIT
#include "cuse/aside.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

namespace dmaheap::cuse {

namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kKept = 4; // threads that wait for work

/// One piece of work, until its client has been told.
struct Ticket {
    uid_t user;
    Aside::Work work;
    Aside::Done done;
    Clock::time_point deadline = {}; ///< once it has started
    bool hangs = false;              ///< beyond that
};

/// What a user has under way.
struct Use {
    unsigned running = 0;
    unsigned hanging = 0; ///< of those
};

} // namespace

struct Aside::State {
    explicit State(std::chrono::milliseconds limit) : patience(limit) {}

    void add(const std::shared_ptr<State> &self, std::shared_ptr<Ticket> ticket);
    void serve();
    void keep_time(const std::stop_token &stop);
    void give_up();

    void tell_clock();
    void start_thread(const std::shared_ptr<State> &self);
    [[nodiscard]] Use use_of(uid_t user) const;
    [[nodiscard]] bool may_start(uid_t user) const;
    [[nodiscard]] bool can_start(uid_t user) const;
    std::shared_ptr<Ticket> take_runnable();
    std::shared_ptr<Ticket> take_lost();
    void finish(std::unique_lock<std::mutex> &lock, Ticket &ticket, const Status &status);
    void answer(std::unique_lock<std::mutex> &lock, Ticket &ticket, const Status &status);

    const std::chrono::milliseconds patience;
    std::mutex mutex;
    std::condition_variable_any changed;
    std::condition_variable wanted;
    std::condition_variable answered;
    std::deque<std::shared_ptr<Ticket>> started; ///< not answered, by deadline
    std::deque<std::shared_ptr<Ticket>> waiting; ///< not started, as they came
    std::map<uid_t, Use> uses;
    unsigned threads = 0;
    unsigned hanging = 0; ///< of the threads
    unsigned idle = 0;
    unsigned answering = 0;
    bool news = false; ///< for the clock
    bool ending = false;
};

Use Aside::State::use_of(uid_t user) const
{
    const auto use = uses.find(user);
    return use == uses.end() ? Use() : use->second;
}

bool Aside::State::may_start(uid_t user) const
{
    return use_of(user).running < kAtOnce;
}

/// Whether work of the user's will start when something ends that does not hang.
bool Aside::State::can_start(uid_t user) const
{
    return use_of(user).hanging < kAtOnce && hanging < threads;
}

/// The first whose user has not too much under way. Its time begins.
std::shared_ptr<Ticket> Aside::State::take_runnable()
{
    const auto found = std::ranges::find_if(
        waiting, [this](const auto &ticket) { return may_start(ticket->user); });
    if (found == waiting.end())
        return nullptr;

    auto ticket = *found;
    waiting.erase(found);
    ++uses[ticket->user].running;
    ticket->deadline = Clock::now() + patience;
    started.push_back(ticket);
    tell_clock();
    return ticket;
}

/// One whose client is to be told now that it has failed: overdue, or waiting for those that hang.
std::shared_ptr<Ticket> Aside::State::take_lost()
{
    if (!started.empty() && started.front()->deadline <= Clock::now()) {
        auto ticket = started.front();
        ticket->hangs = true;
        ++uses[ticket->user].hanging;
        ++hanging;
        return ticket;
    }
    const auto found = std::ranges::find_if(
        waiting, [this](const auto &ticket) { return !can_start(ticket->user); });
    if (found == waiting.end())
        return nullptr;

    auto ticket = *found;
    waiting.erase(found);
    return ticket;
}

/// Without the lock while the client is told; nothing for one who has been told.
void Aside::State::answer(std::unique_lock<std::mutex> &lock, Ticket &ticket, const Status &status)
{
    if (!ticket.done)
        return;

    {
        Done done = std::exchange(ticket.done, nullptr);
        std::erase_if(started, [&ticket](const auto &other) { return other.get() == &ticket; });
        ++answering;
        lock.unlock();
        done(status);
    }
    lock.lock();
    --answering;
    answered.notify_all();
}

void Aside::State::finish(std::unique_lock<std::mutex> &lock, Ticket &ticket, const Status &status)
{
    Use &use = uses[ticket.user];
    if (ticket.hangs) {
        --use.hanging;
        --hanging;
    }
    if (--use.running == 0)
        uses.erase(ticket.user);
    wanted.notify_one(); // one of the same user may have waited for this
    answer(lock, ticket, status);
}

/// A helper thread. Ends when others are idle already, or with us.
void Aside::State::serve()
{
    std::unique_lock lock(mutex);
    while (!ending) {
        auto ticket = take_runnable();
        if (!ticket) {
            if (idle >= kKept)
                break;
            ++idle;
            wanted.wait(lock);
            --idle;
            continue;
        }
        Work work = std::move(ticket->work);
        lock.unlock();
        const Status status = work();
        lock.lock();
        finish(lock, *ticket, status);
    }
    --threads;
}

void Aside::State::add(const std::shared_ptr<State> &self, std::shared_ptr<Ticket> ticket)
{
    const std::scoped_lock lock(mutex);
    const uid_t user = ticket->user;
    waiting.push_back(std::move(ticket));
    wanted.notify_all();
    if (waiting.size() > idle && may_start(user) && threads < kThreads)
        start_thread(self);
    if (!can_start(user))
        tell_clock();
}

void Aside::State::tell_clock()
{
    news = true;
    changed.notify_one();
}

void Aside::State::start_thread(const std::shared_ptr<State> &self)
{
    try {
        std::thread([self] { self->serve(); }).detach();
        ++threads;
    } catch (const std::system_error &) {
        return; // then with those that there are
    }
}

/// Gives up those who are lost. Sleeps as long as there is nothing to wait for.
void Aside::State::keep_time(const std::stop_token &stop)
{
    const auto taken_note = [this] { return std::exchange(news, false); };
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        if (const auto lost = take_lost()) {
            answer(lock, *lost, failure(EFAULT, "memory of the caller, which hangs"));
        } else if (started.empty()) {
            changed.wait(lock, stop, taken_note);
        } else {
            const Clock::time_point next = started.front()->deadline; // the wait reads it again
            changed.wait_until(lock, stop, next, taken_note);
        }
    }
}

void Aside::State::give_up()
{
    std::unique_lock lock(mutex);
    ending = true;
    std::ranges::copy(std::exchange(waiting, {}), std::back_inserter(started));
    while (!started.empty()) {
        const auto first = started.front();
        answer(lock, *first, failure(EFAULT, "memory of the caller, at the end"));
    }
    wanted.notify_all();
    answered.wait(lock, [this] { return answering == 0; });
}

Aside::Aside(std::chrono::milliseconds patience)
    : state_(std::make_shared<State>(patience)),
      clock_([state = state_](const std::stop_token &stop) { state->keep_time(stop); })
{
}

Aside::~Aside()
{
    clock_.request_stop();
    clock_.join();
    state_->give_up();
}

void Aside::start(uid_t user, Work work, Done done)
{
    state_->add(state_, std::make_shared<Ticket>(Ticket{
                            .user = user, .work = std::move(work), .done = std::move(done) }));
}

} // namespace dmaheap::cuse
