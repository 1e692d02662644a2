// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/store.h"

#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <string>

#include <systemd/sd-daemon.h>

#include "core/unique_fd.h"

namespace dmaheap::daemon::store {

namespace {

constexpr const char *kWatched = "dmaheapd-watched";
constexpr const char *kState = "dmaheapd-state";
constexpr const char *kRegion = "dmaheapd-region-";

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

Left take()
{
    char **listed = nullptr;
    const int count = ::sd_listen_fds_with_names(1, &listed);
    const std::unique_ptr<char *, FreeNames> names(listed);
    Estate estate;
    Left left;
    for (int at = 0; at < count; ++at) {
        UniqueFd fd(SD_LISTEN_FDS_START + at); // others are of no use to us
        const std::string name = names.get()[at];
        if (name == kWatched)
            estate.watched = std::move(fd);
        else if (name == kState)
            estate.state = std::move(fd);
        else if (name.starts_with(kRegion))
            left.regions[name] = std::move(fd);
    }
    if (estate.watched.valid() && estate.state.valid())
        left.estate = std::move(estate);
    else if (estate.watched.valid() || estate.state.valid())
        clear_estate(); // of one that was killed while it left them: what belongs to whom is
                        // unknown
    return left;
}

bool leave(const Estate &estate)
{
    return leave(kWatched, estate.watched.get()) && leave(kState, estate.state.get());
}

std::string name_of_region(std::string_view key)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string name = kRegion;
    for (const char letter : key) {
        const auto code = static_cast<unsigned char>(letter);
        if (std::isalnum(code) != 0 || letter == '.')
            name += letter;
        else
            name += { '%', kDigits[code / kDigits.size()], kDigits[code % kDigits.size()] };
    }
    return name;
}

bool leave_region(const std::string &name, int file)
{
    return leave(name.c_str(), file);
}

void clear_estate()
{
    for (const char *const name : { kWatched, kState })
        clear_region(name);
}

void clear_region(const std::string &name)
{
    ::sd_notify(0, ("FDSTOREREMOVE=1\nFDNAME=" + name).c_str());
}

} // namespace dmaheap::daemon::store
