// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/store.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include <systemd/sd-daemon.h>

#include "core/unique_fd.h"

namespace dmaheap::daemon {

namespace {

constexpr const char *kWatched = "dmaheapd-watched";
constexpr const char *kState = "dmaheapd-state";
constexpr const char *kRegion = "dmaheapd-region-";
constexpr std::size_t kLongestName = 255; ///< that systemd takes, see FDNAME= in sd_notify(3)

/// An array of names, each of them and all from malloc(3).
struct FreeNames {
    void operator()(char **names) const
    {
        for (char **name = names; *name; ++name)
            std::free(*name);
        std::free(static_cast<void *>(names));
    }
};

/// As it tells its services since systemd 254.
std::size_t most_that_are_kept()
{
    std::size_t most = Store::kOfUnit;
    if (const char *const told = std::getenv("FDSTORE"))
        std::from_chars(told, told + std::string_view(told).size(), most);
    return most;
}

std::string hexadecimal(std::uint64_t number, unsigned digits)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    constexpr unsigned kBits = 4;
    std::string text;
    for (unsigned digit = digits; digit-- > 0;)
        text += kDigits[number >> digit * kBits & (kDigits.size() - 1)];
    return text;
}

/// FNV-1a: the same with every version and compiler.
std::uint64_t hash(std::string_view text)
{
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char letter : text)
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
    return hash;
}

} // namespace

Store::Store() : most_(most_that_are_kept())
{
    char **listed = nullptr;
    const int count = ::sd_listen_fds_with_names(1, &listed);
    const std::unique_ptr<char *, FreeNames> names(listed);
    Estate estate;
    for (int at = 0; at < count; ++at) {
        UniqueFd fd(SD_LISTEN_FDS_START + at); // others are of no use to us
        const std::string name = names.get()[at];
        kept_.insert(name);
        if (name == kWatched)
            estate.watched = std::move(fd);
        else if (name == kState)
            estate.state = std::move(fd);
        else if (name.starts_with(kRegion))
            left_.regions[name] = std::move(fd);
    }
    most_ = std::max(most_, kept_.size()); // so many it has kept
    if (estate.watched.valid() || estate.state.valid())
        left_.estate = std::move(estate);
}

Store::Left Store::take()
{
    return std::exchange(left_, {});
}

Status Store::leave(const Estate &estate)
{
    if (auto left = leave(kWatched, estate.watched.get()); !left)
        return left;

    return leave(kState, estate.state.get());
}

/// FDPOLL=0: an epoll instance can be polled, and is kept whatever that says.
Status Store::leave(const std::string &name, int fd)
{
    const std::string message = "FDSTORE=1\nFDPOLL=0\nFDNAME=" + name;
    const int told = ::sd_pid_notify_with_fds(0, 0, message.c_str(), &fd, 1);
    if (told < 0)
        return failure(-told, "sd_pid_notify_with_fds");
    if (told == 0)
        return failure(ENOTCONN, "no service manager");

    if (!kept_.contains(name) && kept_.size() >= most_)
        return failure(ENOSPC, "descriptors that are kept");

    kept_.insert(name);
    return {};
}

/// What would be too long ends with a hash of all of it.
std::string Store::name_of_region(std::string_view key)
{
    std::string name = kRegion;
    for (const char letter : key) {
        const auto code = static_cast<unsigned char>(letter);
        if (std::isalnum(code) != 0 || letter == '.')
            name += letter;
        else
            name += '%' + hexadecimal(code, 2);
    }
    constexpr unsigned kDigits = 16;
    if (name.size() > kLongestName) {
        name.resize(kLongestName - kDigits - 1);
        name += '-' + hexadecimal(hash(key), kDigits);
    }
    return name;
}

void Store::clear_estate()
{
    for (const char *const name : { kWatched, kState })
        clear(name);
}

void Store::clear(const std::string &name)
{
    kept_.erase(name);
    ::sd_notify(0, ("FDSTOREREMOVE=1\nFDNAME=" + name).c_str());
}

void Store::settle()
{
    constexpr std::uint64_t kLongest = 5'000'000; // microseconds
    ::sd_notify_barrier(0, kLongest);
}

} // namespace dmaheap::daemon
