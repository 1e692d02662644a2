// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/daemon.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <poll.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "cuse/dma_heap_device.h"
#include "tools/control/shown.h"
#include "tools/dmaheapd/choices.h"
#include "tools/dmaheapd/control_socket.h"
#include "tools/dmaheapd/heap_settings.h"
#include "tools/dmaheapd/ion_nodes.h"
#include "tools/dmaheapd/leftovers.h"
#include "tools/dmaheapd/memory_rules.h"
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

/// What another one has left is taken away, too.
std::optional<DevRootLock> taken_over(const std::string &dev_root, Seen seen)
{
    if (seen == Seen::by_us_alone)
        return std::nullopt;

    auto lock = std::make_optional<DevRootLock>(dev_root);
    remove_leftovers(dev_root);
    return lock;
}

} // namespace

Daemon::Daemon(const config::Config &config, const MakeExporter &make_exporter, Reread reread,
               Seen seen)
    : seen_(seen), lock_(taken_over(config.dev_root, seen)),
      folder_(config.dev_root + Nodes::kFolder),
      exporter_(make_exporter
                    ? std::make_unique<Exporters>(make_exporter([this] { reaper_.start(); }))
                    : choose_exporters(config.exporter, [this] { reaper_.start(); })),
      ptrace_(on_failure()), delivery_(ptrace_, on_failure()), reread_(std::move(reread)),
      server_(serving_threads(), &delivery_, &later_)
{
    auto earlier = read_store();
    raise_descriptor_limit();
    ledger_.set_limits_of_all(limits_of_all(config.limits));
    const auto frontend = choose_frontend(config);
    config::Config served = config;
    if (seen == Seen::by_everybody)
        served.heaps = without_conflicts(config.heaps, folder_);
    const auto ion = seen == Seen::by_everybody
                         ? without_conflicts(config.ion, config.dev_root, frontend)
                         : config.ion;
    expect_regions(*exporter_, served);
    regions_.make(served, *exporter_, std::move(earlier.regions));
    for (const config::Heap &heap : served.heaps)
        keep(make_heap(served, heap));
    inherit(std::move(earlier.buffers));
    watch_pressure(served);
    add_ion(config, ion);
    nodes_.show({ frontend, config.dev_root, seen == Seen::by_us_alone }, heap_nodes(), ion_nodes_,
                server_);
    config_ = std::move(served);
    control_ = open_control(config, world());
    regions_.start();
    spdlog::info("serving {} heap(s) under {}", heaps_.size(), folder_);
}

Daemon::~Daemon()
{
    regions_.stop();
}

cuse::OnRefusal Daemon::on_refusal()
{
    return [this](std::string_view device, const delivery::Caller &caller, const Error &error,
                  std::string_view asked) { refusals_.add(device, caller, error, asked); };
}

delivery::OnFailure Daemon::on_failure()
{
    return [this](const delivery::Caller &caller, const Error &error) {
        refusals_.add("delivery", caller, error);
    };
}

void Daemon::run(int end)
{
    ::sd_notify(0, "READY=1");
    std::array<pollfd, 4> waited{ pollfd{ signals_.fd(), POLLIN, 0 },
                                  pollfd{ reaper_.fd(), POLLIN, 0 }, pollfd{ end, POLLIN, 0 },
                                  pollfd{ -1, POLLPRI, 0 } };
    for (bool going_on = true; going_on;) {
        waited[3].fd = pressure_ ? pressure_->fd() : -1;
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
    farewell();
}

Daemon::Made Daemon::make_heap(const config::Config &config, const config::Heap &heap)
{
    const Bytes most = heap.cache.value_or(0);
    auto cache = most == 0 ? nullptr : caches_.add(most, *exporter_, regions_.wiper());
    auto made =
        std::make_unique<Heap>(heap.name, make_policy(config, heap, regions_, *exporter_), ledger_,
                               *exporter_, Recycling{ .all = &caches_, .own = cache });
    const auto *const region = heap.region ? config::find_region(config, *heap.region) : nullptr;
    return { .config = heap,
             .heap = std::move(made),
             .cache = std::move(cache),
             .exporter =
                 region && region->file ? exporter_->for_files().name() : exporter_->name() };
}

/// To be called before its nodes are shown.
const Daemon::Kept &Daemon::keep(Made made)
{
    ledger_.set_limits(made.config.name, limits_of(made.config));
    heaps_.push_back(std::move(made.heap));
    devices_.push_back(
        std::make_unique<cuse::DmaHeapDevice>(*heaps_.back(), delivery_, later_, on_refusal()));
    const std::scoped_lock lock(kept_mutex_);
    kept_.push_back({ .config = std::move(made.config),
                      .heap = heaps_.back().get(),
                      .device = devices_.back().get(),
                      .cache = std::move(made.cache),
                      .exporter = made.exporter,
                      .served = true });
    return kept_.back();
}

std::vector<cuse::Node> Daemon::heap_nodes() const
{
    std::vector<cuse::Node> nodes;
    for (const Kept &kept : kept_)
        if (kept.served)
            std::ranges::copy(nodes_of(kept.config, kept.device), std::back_inserter(nodes));
    return nodes;
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
             .heaps = [this] { return served(); },
             .frontend = nodes_.mounted() ? "fuse" : "cuse",
             .exporter = exporter_->name(),
             .regions =
                 [this] {
                     auto list = control::Json::array();
                     regions_.each(
                         [&](const Region &region) { list.push_back(control::shown(region)); });
                     return list;
                 },
             .look_again = [this] { exporter_->reap(); } };
}

void Daemon::add_ion(const config::Config &config, const std::vector<config::Ion> &nodes)
{
    const IonServices services{ .exporter = *exporter_,
                                .quota = ion_quota_,
                                .delivery = delivery_,
                                .aside = aside_,
                                .later = later_,
                                .access =
                                    [this](const cuse::Credentials &who, const std::string &heap) {
                                        return nodes_.may_use(who, heap);
                                    },
                                .on_refusal = on_refusal() };
    for (const config::Ion &ion : nodes) {
        devices_.push_back(make_ion_device(ion, ion_heaps(config, ion, heaps_), services));
        ion_nodes_.push_back({ .name = ion.name,
                               .device = devices_.back().get(),
                               .permissions = resolved("node " + ion.name, ion) });
    }
}

/// False when the daemon is to stop. Who serves one command alone ends with it: what a terminal, or
/// somebody who means the whole process group, sends is for the command.
bool Daemon::handle(int signal)
{
    if (seen_ == Seen::by_us_alone)
        return true;

    if (signal == SIGUSR1)
        report_use();
    else if (signal == SIGHUP)
        reload();
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
