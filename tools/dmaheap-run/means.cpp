// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/means.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <sys/wait.h>

#include "core/sys.h"
#include "cuse/notify/filter.h"
#include "cuse/notify/listener.h"
#include "tools/dmaheap-run/trial.h"
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

/// For a user.
struct Lack {
    std::string what; ///< with the reason
    std::string advice;
};

std::string advice_for(int error)
{
    if (error == EBUSY)
        return "another filter with a listener is around this process already";
    if (error == EACCES || error == EPERM)
        return "something forbids it, such as a container's seccomp profile";
    return "it takes Linux 5.9 with CONFIG_SECCOMP_FILTER";
}

std::string advice_for_reach(const Error &error)
{
    if (error.code == EAGAIN || error.code == ENOMEM || error.code == EMFILE)
        return "see ulimit -a, and raise the limit";

    return std::string("see grep Seccomp /proc/self/status and sysctl kernel.yama.ptrace_scope; "
                       "allow ") +
           error.step +
           ", in a container by docker run --cap-add SYS_PTRACE or another seccomp profile, and "
           "have a ptrace_scope below 3";
}

/// "pidfd_getfd: Operation not permitted"
std::string text_of(const Error &error)
{
    return std::string(error.step) + ": " + std::strerror(error.code);
}

std::optional<Lack> lack_of_notification()
{
    const std::string what = "seccomp notification is not to be had (";
    if (const int error = tried_notification(); error != 0)
        return Lack{ what + std::strerror(error) + ")", advice_for(error) };
    if (const auto tried = try_reach(Reach::into_it); !tried)
        return Lack{ what + text_of(tried.error()) + ")", advice_for_reach(tried.error()) };
    return std::nullopt;
}

std::optional<Lack> lack_of_tracing()
{
    const auto tried = try_reach(Reach::traced);
    if (tried)
        return std::nullopt;

    return Lack{ "delivery by ptrace is not to be had (" + text_of(tried.error()) + ")",
                 advice_for_reach(tried.error()) };
}

} // namespace

std::optional<std::string> missing_for_notification()
{
    const auto lack = lack_of_notification();
    return lack ? std::optional(lack->what + ": " + lack->advice) : std::nullopt;
}

Delivery choose_delivery(Delivery wanted)
{
    std::optional<Lack> lack;
    if (wanted != Delivery::ptrace) {
        lack = lack_of_notification();
        if (!lack)
            return Delivery::seccomp;
    }
    const auto also = lack_of_tracing();
    if (wanted == Delivery::seccomp)
        throw Unavailable(lack->what + ": " + lack->advice +
                          (also ? "" : "; try --delivery ptrace"));
    if (also)
        throw Unavailable((lack ? lack->what + ", and " : "") + also->what + ": " + also->advice);

    if (lack)
        spdlog::warn("{}: {}; buffers are delivered by ptrace instead", lack->what, lack->advice);
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
