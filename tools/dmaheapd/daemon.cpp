// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/daemon.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <poll.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "cuse/dma_heap_device.h"
#include "cuse/fuse_mount.h"
#include "tools/control/shown.h"
#include "tools/dmaheapd/choices.h"
#include "tools/dmaheapd/control_socket.h"
#include "tools/dmaheapd/ion_nodes.h"
#include "tools/dmaheapd/node_permissions.h"

namespace dmaheap::daemon {

namespace {

/// More than CPUs, because a thread waits for its client's steps, and clears the pages of a large
/// buffer, while others are served. An idle one costs nothing.
unsigned serving_threads()
{
    return std::clamp(2 * std::thread::hardware_concurrency(), 4U, 16U);
}

/// A live buffer takes a descriptor.
void raise_descriptor_limit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return;

    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

Bytes default_limit()
{
    return machine_memory() / 2;
}

Limits limits_of(const config::Heap &heap)
{
    return { .total = heap.limit.value_or(default_limit()),
             .per_user = heap.limit_per_uid,
             .per_process = heap.limit_per_process,
             .buffer = heap.max_buffer };
}

Limits limits_of_all(const config::Limits &limits)
{
    return { .total = limits.limit,
             .per_user = limits.limit_per_uid,
             .per_process = limits.limit_per_process,
             .buffer = limits.max_buffer };
}

} // namespace

Daemon::Daemon(const config::Config &config, const MakeExporter &make_exporter)
    : lock_(config.dev_root),
      exporter_(make_exporter ? make_exporter([this] { reaper_.start(); })
                              : choose_exporter(config.exporter, [this] { reaper_.start(); })),
      ptrace_(on_failure()), delivery_(ptrace_, on_failure()),
      server_(serving_threads(), &delivery_)
{
    raise_descriptor_limit();
    const std::string folder = config.dev_root + Nodes::kFolder;
    if (const unsigned stale = cuse::remove_stale_mounts(folder); stale != 0)
        spdlog::info("took away {} stale mount(s) at {}", stale, folder);

    ledger_.set_limits_of_all(limits_of_all(config.limits));
    config::Config served = config;
    served.heaps = without_conflicts(config.heaps, folder);
    regions_.make(served, *exporter_);
    for (const config::Heap &heap : served.heaps)
        add_heap(served, heap, folder);
    watch_pressure(served);
    add_ion(config);
    nodes_.show(config, heap_nodes_, ion_nodes_, server_);
    control_ = open_control(config, world());
    spdlog::info("serving {} heap(s) under {}", heaps_.size(), folder);
}

Daemon::~Daemon()
{
    regions_.stop();
}

cuse::OnRefusal Daemon::on_refusal()
{
    return [this](std::string_view device, const delivery::Caller &caller, const Error &error) {
        refusals_.add(device, caller, error);
    };
}

delivery::OnFailure Daemon::on_failure()
{
    return std::bind_front(on_refusal(), "delivery");
}

void Daemon::run(int end)
{
    ::sd_notify(0, "READY=1");
    std::array<pollfd, 4> waited{ pollfd{ signals_.fd(), POLLIN, 0 },
                                  pollfd{ reaper_.fd(), POLLIN, 0 }, pollfd{ end, POLLIN, 0 },
                                  pollfd{ pressure_ ? pressure_->fd() : -1, POLLPRI, 0 } };
    for (bool going_on = true; going_on;) {
        ::poll(waited.data(), waited.size(), -1);
        if (waited[1].revents != 0)
            reaper_.tick(*exporter_);
        if (waited[0].revents != 0)
            going_on = handle(signals_.take());
        if (waited[2].revents != 0)
            going_on = false;
        if (waited[3].revents != 0)
            give_back_caches();
    }
    ::sd_notify(0, "STOPPING=1");
    spdlog::info("stopping");
}

void Daemon::add_heap(const config::Config &config, const config::Heap &heap,
                      const std::string &folder)
{
    ledger_.set_limits(heap.name, limits_of(heap));
    heaps_.push_back(std::make_unique<Heap>(heap.name,
                                            make_policy(config, heap, regions_, *exporter_),
                                            ledger_, *exporter_, recycling_of(heap)));
    served_.push_back(
        { .heap = heaps_.back().get(), .policy = heap.policy, .node = folder + '/' + heap.name });
    devices_.push_back(
        std::make_unique<cuse::DmaHeapDevice>(*heaps_.back(), delivery_, on_refusal()));

    cuse::Node node{ .name = heap.name,
                     .device = devices_.back().get(),
                     .permissions = resolved("heap " + heap.name, heap) };
    heap_nodes_.push_back(node);
    for (const std::string &alias : heap.aliases) {
        node.name = alias;
        heap_nodes_.push_back(node);
    }
}

Recycling Daemon::recycling_of(const config::Heap &heap)
{
    const Bytes most = heap.cache.value_or(0);
    return { .all = &caches_,
             .own = most == 0 ? nullptr : caches_.add(most, *exporter_, regions_.wiper()) };
}

void Daemon::watch_pressure(const config::Config &config)
{
    const bool wanted = std::ranges::any_of(
        config.heaps, [](const config::Heap &heap) { return heap.cache.value_or(0) != 0; });
    auto pressure = wanted ? Pressure::watch() : failure(ENODATA, "nothing is kept");
    if (pressure)
        pressure_.emplace(*std::move(pressure));
    else if (wanted)
        spdlog::info("caches are not given back under memory pressure: {}: {}",
                     pressure.error().step, std::strerror(pressure.error().code));
}

void Daemon::give_back_caches()
{
    spdlog::debug("memory pressure: caches are given back");
    caches_.give_back();
}

control::World Daemon::world()
{
    return { .ledger = ledger_,
             .heaps = served_,
             .frontend = nodes_.mounted() ? "fuse" : "cuse",
             .exporter = exporter_->name(),
             .regions =
                 [this] {
                     auto list = control::Json::array();
                     for (const auto &region : regions_.all())
                         list.push_back(control::shown(*region));
                     return list;
                 },
             .look_again = [this] { exporter_->reap(); } };
}

void Daemon::add_ion(const config::Config &config)
{
    const IonServices services{ .exporter = *exporter_,
                                .quota = ion_quota_,
                                .delivery = delivery_,
                                .aside = aside_,
                                .access =
                                    [this](const cuse::Credentials &who, const std::string &heap) {
                                        return nodes_.may_use(who, heap);
                                    },
                                .on_refusal = on_refusal() };
    for (const config::Ion &ion : config.ion) {
        devices_.push_back(make_ion_device(ion, ion_heaps(config, ion, heaps_), services));
        ion_nodes_.push_back({ .name = ion.name,
                               .device = devices_.back().get(),
                               .permissions = resolved("node " + ion.name, ion) });
    }
}

/// False when the daemon is to stop.
bool Daemon::handle(int signal)
{
    if (signal == SIGUSR1)
        report_use();
    else if (signal == SIGHUP)
        spdlog::warn("SIGHUP: the config is read at start only");
    return signal != SIGTERM && signal != SIGINT;
}

void Daemon::report_use()
{
    exporter_->reap();
    for (const auto &[heap, account] : ledger_.accounts())
        spdlog::info("heap {}: {} buffers, {} bytes live, limit {}", heap, account.use.buffers,
                     account.use.bytes, account.limits.total.value_or(0));
}

} // namespace dmaheap::daemon
