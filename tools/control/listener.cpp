// SPDX-License-Identifier: MIT
#include "tools/control/listener.h"

#include <cstring>
#include <stdexcept>
#include <utility>

#include <unistd.h>

#include <sys/stat.h>

#include "tools/control/address.h"

namespace dmaheap::control {

namespace {

constexpr mode_t kForRoot = 0600;
constexpr mode_t kForGroup = 0660;
constexpr mode_t kFolder = 0755;
constexpr int kBacklog = 64;

[[noreturn]] void fail(const std::string &path, const std::string &what)
{
    throw std::runtime_error("control socket " + path + ": " + what);
}

void require(const std::string &path, const char *step, int returned)
{
    if (returned == -1)
        fail(path, std::string(step) + ": " + std::strerror(errno));
}

/// Makes room for the socket, unless somebody uses it.
void take_away_stale(const std::string &path)
{
    const auto connected = connect_to(path, SOCK_NONBLOCK);
    if (connected || connected.error().code == EAGAIN)
        fail(path, "another dmaheapd serves there; give this one its own with --control PATH");
    if (connected.error().code == ENOENT)
        return;
    if (connected.error().code == ENOTSOCK)
        fail(path, "something else is there that is no socket; give another path with --control");
    if (connected.error().code != ECONNREFUSED)
        fail(path,
             std::string(connected.error().step) + ": " + std::strerror(connected.error().code));

    require(path, "unlink", ::unlink(path.c_str()));
}

} // namespace

Listener::Listener(std::string path, std::optional<gid_t> group)
    : path_(std::move(path)),
      socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
{
    require(path_, "socket", socket_.get());
    const auto address = address_of(path_);
    if (!address)
        fail(path_, "the path is too long for a socket");

    ::mkdir(path_.substr(0, path_.rfind('/')).c_str(), kFolder);
    take_away_stale(path_);
    require(path_, "bind",
            ::bind(socket_.get(), reinterpret_cast<const sockaddr *>(&*address), sizeof *address));
    struct stat made{};
    require(path_, "stat", ::stat(path_.c_str(), &made));
    inode_ = made.st_ino;

    // Nobody can connect before listen().
    if (group)
        require(path_, "chown", ::chown(path_.c_str(), static_cast<uid_t>(-1), *group));
    require(path_, "chmod", ::chmod(path_.c_str(), group ? kForGroup : kForRoot));
    require(path_, "listen", ::listen(socket_.get(), kBacklog));
}

Listener::~Listener()
{
    struct stat found{};
    if (::stat(path_.c_str(), &found) == 0 && found.st_ino == inode_)
        ::unlink(path_.c_str());
}

} // namespace dmaheap::control
