// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/store.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include <systemd/sd-daemon.h>

#include "core/unique_fd.h"

namespace dmaheap::daemon::store {

namespace {

constexpr const char *kWatched = "dmaheapd-watched";
constexpr const char *kState = "dmaheapd-state";

/// An array of names, each of them and all from malloc(3).
struct FreeNames {
    void operator()(char **names) const
    {
        for (char **name = names; *name; ++name)
            std::free(*name);
        std::free(static_cast<void *>(names));
    }
};

/// FDPOLL=0: an epoll instance can be polled, and is kept whatever that says.
bool leave(const char *name, int fd)
{
    const std::string message = std::string("FDSTORE=1\nFDPOLL=0\nFDNAME=") + name;
    return ::sd_pid_notify_with_fds(0, 0, message.c_str(), &fd, 1) > 0;
}

} // namespace

std::optional<Exporter::Estate> take()
{
    char **listed = nullptr;
    const int count = ::sd_listen_fds_with_names(1, &listed);
    const std::unique_ptr<char *, FreeNames> names(listed);
    Exporter::Estate estate;
    int ours = 0;
    for (int at = 0; at < count; ++at) {
        UniqueFd fd(SD_LISTEN_FDS_START + at); // others are of no use to us
        const std::string name = names.get()[at];
        ours += name == kWatched || name == kState ? 1 : 0;
        if (name == kWatched)
            estate.watched = std::move(fd);
        else if (name == kState)
            estate.state = std::move(fd);
    }
    if (ours == 2 && estate.watched.valid() && estate.state.valid())
        return estate;

    if (ours != 0)
        clear(); // of one that was killed while it left them: who belongs to whom is not known
    return std::nullopt;
}

bool leave(const Exporter::Estate &estate)
{
    return leave(kWatched, estate.watched.get()) && leave(kState, estate.state.get());
}

void clear()
{
    for (const char *const name : { kWatched, kState })
        ::sd_notify(0, (std::string("FDSTOREREMOVE=1\nFDNAME=") + name).c_str());
}

} // namespace dmaheap::daemon::store
