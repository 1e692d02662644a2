// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/namespaces.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <sched.h>
#include <unistd.h>

#include <sys/mount.h>

#include "core/sys.h"
#include "tools/dmaheap-run/unavailable.h"

namespace dmaheap::run {

namespace {

std::string advice_for(int error)
{
    if (error == ENOSPC)
        return "this machine allows none (sysctl user.max_user_namespaces): raise it, or run this "
               "as root";
    if (error == EINVAL || error == ENOSYS)
        return "this kernel has none (CONFIG_USER_NS): run this as root";

    return "see sysctl kernel.unprivileged_userns_clone and "
           "kernel.apparmor_restrict_unprivileged_userns, which may forbid them; in a container, "
           "its seccomp profile may (docker run --security-opt seccomp=unconfined); or run this as "
           "root";
}

[[noreturn]] void refuse(int error, const std::string &step)
{
    throw Unavailable("user namespaces are not to be had (" + step + ": " + std::strerror(error) +
                      "): try unshare --user --mount true; " + advice_for(error));
}

void write_map(const char *path, const std::string &text)
{
    if (const auto written = sys::write_text(path, text); !written)
        refuse(written.error().code, path);
}

/// Numbers stay what they are; no others are known in there.
void map_to_itself(const char *path, unsigned id)
{
    const std::string number = std::to_string(id);
    write_map(path, number + " " + number + " 1\n");
}

void enter_user_namespace()
{
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1)
        refuse(errno, "unshare");

    write_map("/proc/self/setgroups", "deny");
    map_to_itself("/proc/self/uid_map", user);
    map_to_itself("/proc/self/gid_map", group);
}

} // namespace

void enter_namespaces()
{
    if (::unshare(CLONE_NEWNS) == -1)
        enter_user_namespace();
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == -1)
        refuse(errno, "mount");
}

} // namespace dmaheap::run
