// SPDX-License-Identifier: MIT
#pragma once

#include <future>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "core/unique_fd.h"
#include "cuse/channel.h"
#include "cuse/delivery/delivery.h"
#include "cuse/later.h"

namespace dmaheap::cuse {

/// A fixed number of threads that serve any number of channels.
///
/// An idle thread sleeps in the kernel. A channel wakes one thread for one request, which lets the
/// next one in before it serves its own. So does work that was put off and is due.
class Server {
public:
    /// Starts the threads, or as many as can be had. `delivery` may be null, for channels whose
    /// requests deliver nothing, and so may `later`, whose work the threads do, too; both must
    /// outlive the server. Throws std::system_error.
    Server(unsigned threads, delivery::Delivery *delivery, Later *later = nullptr);
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;
    /// Ends the threads; what they have begun is brought to its end first, if that takes no longer
    /// than two seconds.
    ~Server();

    /// Serves a channel from now on. It must outlive the server. Throws std::system_error.
    void add(Channel &channel);

private:
    void run(std::promise<void> &started);
    void await(std::vector<std::future<void>> outcomes);
    bool serve_one(Channel::Room &room, int timeout);
    void serve(Channel &channel, Channel::Room &room);
    void do_later();
    void arm(int operation, int fd, void *data);

    delivery::Delivery *delivery_;
    Later *later_;
    UniqueFd epoll_;
    UniqueFd stop_;
    std::vector<std::jthread> threads_;
};

} // namespace dmaheap::cuse
