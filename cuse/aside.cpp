// SPDX-License-Identifier: MIT
#include "cuse/aside.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
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
    Clock::time_point deadline;
};

} // namespace

struct Aside::State {
    explicit State(std::chrono::milliseconds limit) : patience(limit) {}

    void add(const std::shared_ptr<State> &self, std::shared_ptr<Ticket> ticket);
    void serve();
    void keep_time(const std::stop_token &stop);
    void give_up();

    void start_thread(const std::shared_ptr<State> &self);
    [[nodiscard]] bool may_start(uid_t user) const;
    std::shared_ptr<Ticket> take_runnable();
    void finish(std::unique_lock<std::mutex> &lock, Ticket &ticket, const Status &status);
    void answer(std::unique_lock<std::mutex> &lock, Ticket &ticket, const Status &status);

    const std::chrono::milliseconds patience;
    std::mutex mutex;
    std::condition_variable_any changed;
    std::condition_variable wanted;
    std::condition_variable answered;
    std::deque<std::shared_ptr<Ticket>> open;    ///< not answered, by deadline
    std::deque<std::shared_ptr<Ticket>> waiting; ///< not started, as they came
    std::map<uid_t, unsigned> running;
    unsigned threads = 0;
    unsigned idle = 0;
    unsigned answering = 0;
    bool ending = false;
};

bool Aside::State::may_start(uid_t user) const
{
    const auto use = running.find(user);
    return use == running.end() || use->second < kAtOnce;
}

/// The first whose user has not too much under way.
std::shared_ptr<Ticket> Aside::State::take_runnable()
{
    const auto found = std::ranges::find_if(
        waiting, [this](const auto &ticket) { return may_start(ticket->user); });
    if (found == waiting.end())
        return nullptr;

    auto ticket = *found;
    waiting.erase(found);
    ++running[ticket->user];
    return ticket;
}

/// Without the lock while the client is told; nothing for one who has been told.
void Aside::State::answer(std::unique_lock<std::mutex> &lock, Ticket &ticket, const Status &status)
{
    if (!ticket.done)
        return;

    {
        Done done = std::exchange(ticket.done, nullptr);
        std::erase_if(open, [&ticket](const auto &other) { return other.get() == &ticket; });
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
    if (--running[ticket.user] == 0)
        running.erase(ticket.user);
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
    open.push_back(ticket);
    waiting.push_back(std::move(ticket));
    changed.notify_one();
    wanted.notify_all();
    if (waiting.size() > idle && may_start(user) && threads < kThreads)
        start_thread(self);
}

void Aside::State::start_thread(const std::shared_ptr<State> &self)
{
    try {
        std::thread([self] { self->serve(); }).detach();
        ++threads;
    } catch (const std::system_error &) {
        return; // then with those that there are, or EFAULT in time
    }
}

/// Gives the answers that are overdue. Sleeps as long as there is nothing to wait for.
void Aside::State::keep_time(const std::stop_token &stop)
{
    std::unique_lock lock(mutex);
    while (changed.wait(lock, stop, [this] { return !open.empty(); }) && !stop.stop_requested()) {
        const auto first = open.front();
        const bool early = Clock::now() < first->deadline;
        if (early) {
            changed.wait_until(lock, stop, first->deadline, [] { return false; });
            continue;
        }
        std::erase(waiting, first);
        answer(lock, *first, failure(EFAULT, "memory of the caller, which hangs"));
    }
}

void Aside::State::give_up()
{
    std::unique_lock lock(mutex);
    ending = true;
    waiting.clear();
    while (!open.empty()) {
        const auto first = open.front();
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
    state_->add(state_,
                std::make_shared<Ticket>(Ticket{ .user = user,
                                                 .work = std::move(work),
                                                 .done = std::move(done),
                                                 .deadline = Clock::now() + state_->patience }));
}

} // namespace dmaheap::cuse
