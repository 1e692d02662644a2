// SPDX-License-Identifier: MIT
#include "cuse/kernel_access.h"

#include <array>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/syscall.h>

namespace dmaheap::cuse {

namespace {

// The C library's functions of these names change all threads of the process; the system calls
// change the calling one.

bool take_ids(const Credentials &who)
{
    const auto no_change = static_cast<uid_t>(-1);
    if (::syscall(SYS_setgroups, who.groups.size(), who.groups.data()) == -1)
        return false;

    // They return what was before; what is now is told by a second call.
    ::syscall(SYS_setfsgid, who.group);
    const bool group_taken = static_cast<gid_t>(::syscall(SYS_setfsgid, no_change)) == who.group;
    ::syscall(SYS_setfsuid, who.user);
    return group_taken && static_cast<uid_t>(::syscall(SYS_setfsuid, no_change)) == who.user;
}

/// Leaves the thread no capability, or the one that `override` asks for.
bool take_capabilities(bool override)
{
    __user_cap_header_struct header{ .version = _LINUX_CAPABILITY_VERSION_3, .pid = 0 };
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    const std::uint32_t left = override ? 1U << CAP_DAC_OVERRIDE : 0;
    sets[0].effective = left;
    sets[0].permitted = left;
    return ::syscall(SYS_capset, &header, sets.data()) == 0;
}

/// What the credentials may do to the permissions of the file depends on whose it is.
bool ask(const Credentials &who, const std::string &path)
{
    struct stat file{};
    if (::stat(path.c_str(), &file) == -1)
        return false;
    if (!take_ids(who) || !take_capabilities(who.overrides(file.st_uid, file.st_gid)))
        return false;

    // faccessat() of the C library may work it out from the mode; the system call asks.
    return ::syscall(SYS_faccessat2, AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0;
}

} // namespace

bool kernel_lets(const Credentials &who, const std::string &path)
{
    bool allowed = false;
    try {
        std::thread([&] { allowed = ask(who, path); }).join();
    } catch (const std::system_error &) {
        return false;
    }
    return allowed;
}

} // namespace dmaheap::cuse
