// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/means.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/sys.h"
#include "cuse/notify/filter.h"
#include "cuse/notify/listener.h"
#include "tools/dmaheap-run/unavailable.h"

namespace dmaheap::run {

namespace {

/// The errno of a filter's first use.
int try_notification()
{
    auto installed = cuse::install_filter({});
    if (!installed)
        return installed.error().code;

    const auto able = cuse::Listener(std::move(installed->listener)).can_add_descriptors();
    return able ? 0 : able.error().code;
}

/// In a process of its own, as a filter stays for ever. Errno, or 0.
int tried_notification()
{
    const pid_t trying = ::fork();
    if (trying == 0)
        ::_exit(try_notification());

    int status = 0;
    if (trying == -1 || ::waitpid(trying, &status, 0) != trying)
        return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : ENOSYS;
}

/// Errno, or 0.
int tried_fetching()
{
    const UniqueFd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    if (!self.valid())
        return errno;

    const UniqueFd fetched(static_cast<int>(::syscall(SYS_pidfd_getfd, self.get(), self.get(), 0)));
    return fetched.valid() ? 0 : errno;
}

std::string advice_for(int error)
{
    if (error == EBUSY)
        return "another filter with a listener is around this process already";
    if (error == EACCES || error == EPERM)
        return "something forbids it, such as a container's seccomp profile";
    return "it takes Linux 5.9 with CONFIG_SECCOMP_FILTER";
}

} // namespace

std::optional<std::string> missing_for_notification()
{
    int error = tried_notification();
    if (error == 0)
        error = tried_fetching();
    if (error == 0)
        return std::nullopt;

    return std::string("seccomp notification is not to be had (") + std::strerror(error) +
           "): " + advice_for(error);
}

Delivery choose_delivery(Delivery wanted)
{
    if (wanted == Delivery::ptrace)
        return wanted;

    const auto missing = missing_for_notification();
    if (!missing)
        return Delivery::seccomp;
    if (wanted == Delivery::seccomp)
        throw Unavailable(*missing + "; try --delivery ptrace");

    spdlog::warn("{}; buffers are delivered by ptrace instead", *missing);
    return Delivery::ptrace;
}

void require_fuse()
{
    const auto opened = sys::open("/dev/fuse", O_RDWR);
    if (opened)
        return;

    throw Unavailable(std::string("/dev/fuse cannot be opened (") +
                      std::strerror(opened.error().code) +
                      "): see ls -l /dev/fuse; load it with modprobe fuse, let everybody open it "
                      "with chmod 666 /dev/fuse, or in a container with docker run --device "
                      "/dev/fuse");
}

} // namespace dmaheap::run
