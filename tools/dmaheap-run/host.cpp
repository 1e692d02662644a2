// SPDX-License-Identifier: MIT
#include "tools/dmaheap-run/host.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/memfd_exporter.h"
#include "cuse/notify/attached_desk.h"
#include "cuse/notify/node_desk.h"
#include "cuse/notify/supervisor.h"
#include "tools/dmaheap-run/command.h"
#include "tools/dmaheap-run/dev_tree.h"
#include "tools/dmaheap-run/events.h"
#include "tools/dmaheap-run/exit_status.h"
#include "tools/dmaheap-run/handshake.h"
#include "tools/dmaheap-run/means.h"
#include "tools/dmaheap-run/namespaces.h"
#include "tools/dmaheap-run/nanny.h"
#include "tools/dmaheap-run/streams.h"
#include "tools/dmaheap-run/unavailable.h"
#include "tools/dmaheapd/choices.h"
#include "tools/dmaheapd/daemon.h"

namespace dmaheap::run {

namespace {

constexpr unsigned kServingThreads = 8;

void start_logging(const std::string &level)
{
    auto logger = spdlog::stderr_logger_mt("dmaheap-run");
    logger->set_pattern("dmaheap-run: %v");
    logger->set_level(spdlog::level::from_str(level));
    spdlog::set_default_logger(std::move(logger));
}

/// Somebody has killed the command before it was one. Its status has been told.
struct CommandGone {};

/// The nanny, and the line to what is to become the command.
class Started {
public:
    Started(UniqueFd nanny, UniqueFd handshake)
        : nanny_(std::move(nanny)), handshake_(std::move(handshake))
    {
    }
    Started(const Started &) = delete;
    Started &operator=(const Started &) = delete;
    /// Waits for the nanny, which does not wait for a command that was not let go.
    ~Started()
    {
        handshake_.reset();
        siginfo_t ignored{};
        ::waitid(P_PIDFD, static_cast<id_t>(nanny_.get()), &ignored, WEXITED);
    }

    [[nodiscard]] int nanny() const { return nanny_.get(); }
    [[nodiscard]] int handshake() const { return handshake_.get(); }

private:
    UniqueFd nanny_; ///< pidfd
    UniqueFd handshake_;
};

void become_command(const Options &options, const InheritedSignals &inherited, int events,
                    std::optional<cuse::Reported> filter, int handshake)
{
    if (!offer(handshake, filter) || !await_go(handshake))
        return tell(events, { .what = What::failed });

    inherited.restore();
    execute(options.command);
}

Started start(const Options &options, const InheritedSignals &inherited, int events,
              std::optional<cuse::Reported> filter)
{
    auto [ours, theirs] = make_events();
    const pid_t nanny = ::fork();
    if (nanny == -1)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (nanny == 0) {
        ours.reset();
        be_nanny(events, [&] { become_command(options, inherited, events, filter, theirs.get()); });
    }
    theirs.reset();
    ignore_signals();
    UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, nanny, 0)));
    if (!pidfd.valid())
        throw std::system_error(errno, std::generic_category(), "pidfd_open");
    leave_streams(Messages::go_to_stderr, { events, ours.get(), pidfd.get() });
    static_cast<void>(::chdir("/") == 0);
    return { std::move(pidfd), std::move(ours) };
}

std::optional<cuse::Listener> listener_of(const Started &started)
{
    auto filter = accept(started.handshake());
    if (!filter && filter.error().code == ESRCH)
        throw CommandGone();
    if (!filter)
        throw Unavailable(std::string("the filter cannot be put on the command (") +
                          filter.error().step + ": " + std::strerror(filter.error().code) +
                          "): try --delivery ptrace");
    if (!*filter)
        return std::nullopt;

    if ((*filter)->waits == cuse::Waits::interruptibly)
        spdlog::info("signals may interrupt an allocation: this kernel is older than 5.19");
    return cuse::Listener(std::move((*filter)->listener), (*filter)->waits);
}

void await(int nanny)
{
    pollfd ended{ .fd = nanny, .events = POLLIN, .revents = 0 };
    while (::poll(&ended, 1, -1) == -1 && errno == EINTR)
        continue;
}

/// A thread that hangs in memory of a process that has outlived the nanny would hold us up. What we
/// have made ends with us, whichever way we go.
void leave_if_hanging(std::optional<cuse::Supervisor> &supervisor)
{
    if (supervisor && supervisor->hangs())
        ::_exit(EXIT_SUCCESS);
}

void run_attached(const Options &options, const InheritedSignals &inherited, int events)
{
    if (::access("/dev/dma_heap/.", F_OK) == -1)
        throw Unavailable(std::string("--attach: /dev/dma_heap: ") + std::strerror(errno) +
                          ": nobody serves there (see systemctl status dmaheapd); start it, or go "
                          "without --attach");
    if (const auto missing = missing_for_notification())
        throw Unavailable(*missing);

    cuse::AttachedDesk desk;
    const Started started = start(options, inherited, events, cuse::Reported{});
    auto listener = listener_of(started);
    std::optional<cuse::Supervisor> supervisor;
    supervisor.emplace(std::move(*listener), desk, kServingThreads);
    give_go(started.handshake());
    await(started.nanny());
    leave_if_hanging(supervisor);
}

void serve(const config::Config &config, const Started &started, bool with_udmabuf)
{
    auto listener = listener_of(started);
    const MemfdExporter *memfds = nullptr;
    const auto choose = [&](std::function<void()> on_live) -> std::unique_ptr<Exporter> {
        if (with_udmabuf)
            return daemon::choose_exporter(config::Exporter::udmabuf, std::move(on_live));
        auto made = MemfdExporter::open(std::move(on_live));
        if (!made)
            throw std::system_error(made.error().code, std::generic_category(), made.error().step);
        memfds = made->get();
        return *std::move(made);
    };
    daemon::Daemon daemon(config, listener ? choose : daemon::Daemon::MakeExporter(), {},
                          daemon::Seen::by_us_alone);
    cuse::NodeDesk desk([&](const Inode &file) { return daemon.device_of(file); },
                        [&](const Inode &file) { return memfds && memfds->holds(file); });
    std::optional<cuse::Supervisor> supervisor;
    if (listener)
        supervisor.emplace(std::move(*listener), desk, kServingThreads);
    give_go(started.handshake());
    daemon.run(started.nanny());
    leave_if_hanging(supervisor);
}

/// Something to mount on. What we would make in /dev everybody would see.
void require_place(const std::string &path, const std::string &how)
{
    if (::access(path.c_str(), F_OK) == -1)
        throw Unavailable("--keep-dev: " + path + ": " + std::strerror(errno) + "; make it with " +
                          how + " (as root), or go without --keep-dev");
}

void require_places(const config::Config &config)
{
    require_place("/dev/dma_heap/.", "mkdir /dev/dma_heap");
    for (const config::Ion &ion : config.ion)
        require_place("/dev/" + ion.name, "touch /dev/" + ion.name);
}

bool has_legacy_ion(const config::Config &config)
{
    return std::ranges::find(config.ion, config::IonAbi::legacy, &config::Ion::abi) !=
           config.ion.end();
}

void run_privately(const Options &options, const InheritedSignals &inherited, int events)
{
    require_fuse();
    const bool with_udmabuf = ::access("/dev/udmabuf", R_OK | W_OK) == 0;
    enter_namespaces();
    const bool notified = choose_delivery(options.delivery) == Delivery::seccomp; // as we are now
    if (options.keep_dev)
        require_places(options.config);
    else
        replace_dev();

    std::optional<cuse::Reported> filter;
    if (notified)
        filter = { .of_buffers = !with_udmabuf, .of_legacy_ion = has_legacy_ion(options.config) };
    serve(options.config, start(options, inherited, events, filter), with_udmabuf);
}

/// Of a limit that one has set oneself, most likely. std::thread does not say what it is about.
std::string text_of(const std::system_error &error)
{
    const std::string said = error.what();
    const std::string text = said == error.code().message() ? "thread: " + said : said;
    const bool scarce = error.code().value() == EAGAIN || error.code().value() == EMFILE ||
                        error.code().value() == ENOMEM;
    return text + (scarce ? " (see ulimit -a)" : "");
}

int refuse(int events, const std::string &why)
{
    ::dprintf(STDERR_FILENO, "dmaheap-run: %s\n", why.c_str());
    tell(events, { .what = What::failed });
    return kCouldNotRun;
}

} // namespace

int host(const Options &options, const InheritedSignals &inherited, int events)
{
    ::unsetenv("NOTIFY_SOCKET"); // ours is nobody's service
    try {
        start_logging(options.config.log_level);
        (options.attach ? run_attached : run_privately)(options, inherited, events);
        return EXIT_SUCCESS;
    } catch (const CommandGone &) {
        return EXIT_SUCCESS;
    } catch (const std::bad_alloc &) {
        return refuse(events, "memory: Cannot allocate memory (see ulimit -v)");
    } catch (const std::system_error &error) {
        return refuse(events, text_of(error));
    } catch (const std::exception &error) {
        return refuse(events, error.what());
    }
}

} // namespace dmaheap::run
