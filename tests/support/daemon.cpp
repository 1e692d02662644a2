// SPDX-License-Identifier: MIT
#include "tests/support/daemon.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>

#include <poll.h>

#include <sys/stat.h>

#include "tests/support/combination.h"
#include "tests/support/notify_socket.h"
#include "tests/support/proc.h"

namespace dmaheap::test {
namespace {

const char *variable(const char *name, const char *otherwise)
{
    const char *value = std::getenv(name);
    return value == nullptr ? otherwise : value;
}

std::string live_prefix(const std::string &heap)
{
    return "heap " + heap + ": ";
}

std::optional<Live> live_of(const std::string &line, const std::string &heap)
{
    const std::string prefix = live_prefix(heap);
    Live live{};

    const std::string rest = line.substr(line.find(prefix) + prefix.size());
    if (std::sscanf(rest.c_str(), "%ld buffers, %ld bytes live, limit %ld", &live.buffers,
                    &live.bytes, &live.limit) != 3)
        return std::nullopt;
    return live;
}

std::string socket_in(const std::string &root)
{
    return root + "/control.sock";
}

// Of heaps as the command line describes them.
std::vector<std::string> names_of(const std::vector<std::string> &heaps)
{
    std::vector<std::string> names;
    for (const std::string &heap : heaps)
        names.push_back(heap.substr(0, heap.find('=')));
    return names;
}

} // namespace

std::vector<std::string> daemon_command(const DaemonOptions &options, const std::string &root)
{
    std::vector<std::string> command{ variable("DMAHEAPD", "dmaheapd"),
                                      "--frontend",
                                      chosen().frontend,
                                      "--exporter",
                                      options.exporter.empty() ? chosen().exporter
                                                               : options.exporter,
                                      "--log-level",
                                      variable("DMAHEAPD_TEST_LOG_LEVEL", "info") };
    if (chosen().frontend != "cuse")
        command.insert(command.end(), { "--dev-root", root });
    command.insert(command.end(), { "--control", socket_in(root) });
    for (const std::string &heap : options.heaps)
        command.insert(command.end(), { "--heap", heap });
    command.insert(command.end(), options.more.begin(), options.more.end());
    return command;
}

Daemon::Daemon(DaemonOptions options)
    : root_(options.root.empty() ? own_.path() + "/dev" : options.root), log_(own_.path() + "/log"),
      exceptions_(std::uncaught_exceptions())
{
    if (options.root.empty())
        ::mkdir(root_.c_str(), 0755);

    const NotifySocket notify(own_.path() + "/notify");
    process_.emplace(Launch{ .command = daemon_command(options, root_),
                             .environment = { notify.environment() },
                             .descriptors = { -1, log_.fd(), log_.fd() },
                             .namespaces = options.namespaces });
    if (!await_ready(notify))
        throw std::runtime_error("dmaheapd does not start:\n" + log_.tail());
    connections_.emplace(process_->pid(), chosen().frontend == "cuse" ? names_of(options.heaps)
                                                                      : std::vector<std::string>());
}

// False when it has ended, or takes too long. It may say other things first.
bool Daemon::await_ready(const NotifySocket &notify)
{
    const Deadline deadline;
    std::array<pollfd, 2> wanted{ { { .fd = notify.fd(), .events = POLLIN, .revents = 0 },
                                    { .fd = process_->fd(), .events = POLLIN, .revents = 0 } } };
    do {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left());
        ::poll(wanted.data(), wanted.size(), static_cast<int>(left.count()));
        if (notify.ready())
            return true;
    } while (wanted[0].revents != 0);
    return false;
}

// What is still there of it may hold clients that wait for it.
void Daemon::end()
{
    process_->signal(SIGKILL);
    if (!process_->wait(Deadline(std::chrono::seconds(2))))
        connections_->abort();
}

Daemon::~Daemon()
{
    end();
    if (std::uncaught_exceptions() > exceptions_ ||
        std::getenv("DMAHEAPD_TEST_SHOW_LOG") != nullptr)
        std::cerr << "the log of dmaheapd:\n" << log_.tail();
}

std::string Daemon::control() const
{
    return socket_in(root_);
}

std::string Daemon::node(const std::string &heap) const
{
    return (chosen().frontend == "cuse" ? "/dev" : root_) + "/dma_heap/" + heap;
}

Live Daemon::live(const std::string &heap)
{
    const std::size_t first = log_.count();
    process_->signal(SIGUSR1);

    const auto line = log_.await_line(live_prefix(heap), first);
    if (!line)
        throw std::runtime_error("dmaheapd does not say how many buffers are live");
    const auto live = live_of(*line, heap);
    if (!live)
        throw std::runtime_error("dmaheapd says: " + *line);
    return *live;
}

bool Daemon::await_live(long buffers, const std::string &heap)
{
    return await([&] { return live(heap).buffers == buffers; });
}

// One that waits for another of its threads never stops: that other has stopped before.
void Daemon::pause()
{
    process_->signal(SIGSTOP);
    if (!await([this] { return proc::states(pid()).find_first_not_of("TD") == std::string::npos; }))
        throw std::runtime_error("dmaheapd cannot be stopped");
}

void Daemon::resume()
{
    process_->signal(SIGCONT);
}

std::optional<Outcome> Daemon::stop(int signal)
{
    process_->signal(signal);
    return process_->wait();
}

} // namespace dmaheap::test
