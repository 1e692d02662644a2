// SPDX-License-Identifier: MIT
#include "tests/support/service_manager.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>

namespace dmaheap::test {

namespace {

/// The value of a line NAME=VALUE; empty without one.
std::string value_of(std::string_view message, std::string_view name)
{
    const auto at = message.find(name);
    if (at == std::string_view::npos)
        return {};

    const std::string_view rest = message.substr(at + name.size());
    return std::string(rest.substr(0, rest.find('\n')));
}

UniqueFd descriptor_of(msghdr &message)
{
    const cmsghdr *const control = CMSG_FIRSTHDR(&message);
    if (!control || control->cmsg_type != SCM_RIGHTS)
        return {};

    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
    return UniqueFd(fd);
}

} // namespace

ServiceManager::ServiceManager(std::vector<std::string> command, int output)
    : output_(output), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
{
    // Whoever is executed has the number of who executes.
    command_ = { "/bin/sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh" };
    command_.insert(command_.end(), command.begin(), command.end());

    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_.path() + "/notify";
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        throw std::system_error(errno, std::generic_category(), path);
}

void ServiceManager::launch()
{
    ready_ = false;
    given_ = 0;
    std::vector<int> descriptors{ -1, output_, output_ };
    for (const auto &[name, fd] : store_)
        descriptors.push_back(fd.get());
    process_.emplace(
        Launch{ .command = command_, .environment = environment(), .descriptors = descriptors });
}

bool ServiceManager::start(std::size_t given)
{
    launch();
    const Deadline deadline;
    while ((!ready_ || given_ < given) && await_readable(socket_.get(), deadline))
        receive();
    return ready_ && given_ >= given;
}

std::optional<Outcome> ServiceManager::end(int signal)
{
    process_->signal(signal);
    return process_->wait();
}

std::optional<Outcome> ServiceManager::start_in_vain()
{
    launch();
    const auto outcome = process_->wait();
    while (await_readable(socket_.get(), Deadline(std::chrono::milliseconds(0))))
        receive();
    return outcome;
}

std::vector<std::string> ServiceManager::environment() const
{
    std::string names;
    for (const auto &[name, fd] : store_)
        names += (names.empty() ? "" : ":") + name;
    std::vector<std::string> variables{ "NOTIFY_SOCKET=" + folder_.path() + "/notify",
                                        "LISTEN_FDS=" + std::to_string(store_.size()),
                                        "LISTEN_FDNAMES=" + names };
    if (told_)
        variables.push_back("FDSTORE=" + std::to_string(most_));
    return variables;
}

void ServiceManager::receive()
{
    std::array<char, 4096> text{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec into{ .iov_base = text.data(), .iov_len = text.size() - 1 };
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC) < 0)
        return;

    const std::string_view said = text.data();
    UniqueFd fd = descriptor_of(message);
    std::string name = value_of(said, "FDNAME=");
    constexpr std::size_t kLongestName = 255;
    if (name.size() > kLongestName)
        name = "stored";
    ready_ |= said.contains("READY=1");
    if (said.contains("FDSTOREREMOVE=1"))
        store_.erase(name);
    else if (said.contains("FDSTORE=1") && fd.valid()) {
        if (store_.contains(name) || store_.size() < most_)
            store_[name] = std::move(fd);
        ++given_;
    }
}

} // namespace dmaheap::test
