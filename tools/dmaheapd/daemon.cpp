// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/daemon.h"

#include <algorithm>
#include <array>
#include <csignal>
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
#include "cuse/kernel_access.h"
#include "tools/control/shown.h"
#include "tools/dmaheapd/choices.h"
#include "tools/dmaheapd/control_socket.h"
#include "tools/dmaheapd/ion_nodes.h"
#include "tools/dmaheapd/node_permissions.h"

namespace dmaheap::daemon {

namespace {

constexpr mode_t kDefaultMode = 0600; // as the kernel's own nodes have it
constexpr const char *kFolder = "/dma_heap";

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

/// An ION node has the permissions that a heap's node has, and is set up as one.
config::Heap permissions_as_heap(const config::Ion &ion)
{
    config::Heap heap;
    heap.name = ion.name;
    heap.mode = ion.mode;
    heap.owner = ion.owner;
    heap.group = ion.group;
    return heap;
}

void require(const config::Heap &heap, const Status &done)
{
    if (!done)
        throw std::system_error(done.error().code, std::generic_category(),
                                "heap " + heap.name + ": " + done.error().step);
}

} // namespace

Daemon::Daemon(const config::Config &config, const MakeExporter &make_exporter)
    : lock_(config.dev_root),
      exporter_(make_exporter ? make_exporter([this] { reaper_.start(); })
                              : choose_exporter(config.exporter, [this] { reaper_.start(); })),
      ptrace_([this](const delivery::Caller &caller, const Error &error) {
          refusals_.add("delivery", caller, error);
      }),
      delivery_(ptrace_, [this](const delivery::Caller &caller,
                                const Error &error) { refusals_.add("delivery", caller, error); }),
      server_(serving_threads(), &delivery_)
{
    raise_descriptor_limit();
    const std::string folder = config.dev_root + kFolder;
    if (const unsigned stale = cuse::remove_stale_mounts(folder); stale != 0)
        spdlog::info("took away {} stale mount(s) at {}", stale, folder);

    ledger_.set_limits_of_all(limits_of_all(config.limits));
    config::Config served = config;
    served.heaps = without_conflicts(config.heaps, folder);
    regions_.make(served, *exporter_);
    for (const config::Heap &heap : served.heaps)
        add_heap(served, heap, folder);
    add_ion(config);
    show_nodes(config);
    control_ = open_control(config, world());
    spdlog::info("serving {} heap(s) under {}", heaps_.size(), folder);
}

Daemon::~Daemon()
{
    regions_.stop();
}

void Daemon::run(int end)
{
    ::sd_notify(0, "READY=1");
    std::array<pollfd, 3> waited{ pollfd{ signals_.fd(), POLLIN, 0 },
                                  pollfd{ reaper_.fd(), POLLIN, 0 }, pollfd{ end, POLLIN, 0 } };
    for (bool going_on = true; going_on;) {
        ::poll(waited.data(), waited.size(), -1);
        if (waited[1].revents != 0)
            reaper_.tick(*exporter_);
        if (waited[0].revents != 0)
            going_on = handle(signals_.take());
        if (waited[2].revents != 0)
            going_on = false;
    }
    ::sd_notify(0, "STOPPING=1");
    spdlog::info("stopping");
}

cuse::Device *Daemon::device_of(const struct stat &file) const
{
    cuse::Device *found = tree_ ? tree_->device_of(file) : nullptr;
    for (const auto &tree : ion_trees_)
        if (!found)
            found = tree->device_of(file);
    return found;
}

void Daemon::add_heap(const config::Config &config, const config::Heap &heap,
                      const std::string &folder)
{
    ledger_.set_limits(heap.name, limits_of(heap));
    heaps_.push_back(std::make_unique<Heap>(
        heap.name, make_policy(config, heap, regions_, *exporter_), ledger_, *exporter_));
    served_.push_back(
        { .heap = heaps_.back().get(), .policy = heap.policy, .node = folder + '/' + heap.name });
    devices_.push_back(std::make_unique<cuse::DmaHeapDevice>(
        *heaps_.back(), delivery_,
        [this](std::string_view device, const delivery::Caller &caller, const Error &error) {
            refusals_.add(device, caller, error);
        }));
    add_nodes(heap, *devices_.back());
}

control::World Daemon::world()
{
    return { .ledger = ledger_,
             .heaps = served_,
             .frontend = tree_ ? "fuse" : "cuse",
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

void Daemon::add_nodes(const config::Heap &heap, cuse::Device &device)
{
    shown_.push_back({ heap, &device });
    for (const std::string &alias : heap.aliases) {
        shown_.push_back({ heap, &device });
        shown_.back().heap.name = alias;
    }
}

void Daemon::show_nodes(const config::Config &config)
{
    if (choose_frontend(config) == config::Frontend::cuse)
        show_in_cuse();
    else
        show_in_fuse(config.dev_root);
    if (tree_)
        show_ion_in_fuse(config.dev_root, config.ion);
    else
        show_ion_in_cuse(config.ion);
}

void Daemon::show_in_cuse()
{
    for (const auto &[heap, device] : shown_) {
        auto node = cuse::CuseNode::create("dma_heap/" + heap.name, *device, last_node());
        require(heap, node ? Status() : std::unexpected(node.error()));
        nodes_.push_back(*std::move(node));
        const NodePermissions permissions = permissions_of(heap);
        require(heap, nodes_.back()->show(server_));
        require(heap, apply_to(nodes_.back()->path(), permissions));
    }
}

/// Null before the first.
const cuse::CuseNode *Daemon::last_node() const
{
    return nodes_.empty() ? nullptr : nodes_.back().get();
}

void Daemon::show_in_fuse(const std::string &dev_root)
{
    require_empty(dev_root + kFolder);
    std::vector<cuse::FuseTree::Node> nodes;
    nodes.reserve(shown_.size());
    for (const auto &[heap, device] : shown_) {
        const NodePermissions permissions = permissions_of(heap);
        nodes.push_back({ .name = heap.name,
                          .device = device,
                          .mode = permissions.mode.value_or(kDefaultMode),
                          .owner = permissions.owner.value_or(0),
                          .group = permissions.group.value_or(0) });
    }
    tree_.emplace(dev_root + kFolder, std::move(nodes));
    tree_->show(server_);
}

void Daemon::add_ion(const config::Config &config)
{
    const IonServices services{
        .exporter = *exporter_,
        .quota = ion_quota_,
        .delivery = delivery_,
        .aside = aside_,
        .access = [this](const cuse::Credentials &who,
                         const std::string &heap) { return may_use(who, heap); },
        .on_refusal = [this](std::string_view device, const delivery::Caller &caller,
                             const Error &error) { refusals_.add(device, caller, error); }
    };
    for (const config::Ion &ion : config.ion)
        ion_devices_.push_back(make_ion_device(ion, ion_heaps(config, ion, heaps_), services));
}

/// On the mount by mode and groups, which is what the kernel does there; of a device node the
/// kernel is asked, which knows of ACLs, too.
bool Daemon::may_use(const cuse::Credentials &who, const std::string &heap) const
{
    if (!tree_)
        return cuse::kernel_lets(who, std::string("/dev") + kFolder + "/" + heap);

    const auto folder = tree_->attributes_of("");
    const auto node = tree_->attributes_of(heap);
    return folder && who.may_enter(*folder) && node && who.may_use(*node);
}

void Daemon::show_ion_in_cuse(const std::vector<config::Ion> &nodes)
{
    for (std::size_t at = 0; at < nodes.size(); ++at) {
        const config::Heap like_heap = permissions_as_heap(nodes[at]);
        const NodePermissions permissions = permissions_of(like_heap);
        auto node = cuse::CuseNode::create(nodes[at].name, *ion_devices_[at], last_node());
        require(like_heap, node ? Status() : std::unexpected(node.error()));
        nodes_.push_back(*std::move(node));
        require(like_heap, nodes_.back()->show(server_));
        require(like_heap, apply_to(nodes_.back()->path(), permissions));
        spdlog::info("serving ION at {}", nodes_.back()->path());
    }
}

void Daemon::show_ion_in_fuse(const std::string &dev_root, const std::vector<config::Ion> &nodes)
{
    for (std::size_t at = 0; at < nodes.size(); ++at) {
        const std::string path = dev_root + "/" + nodes[at].name;
        cuse::remove_stale_mounts(path);
        require_free(path);
        const NodePermissions permissions = permissions_of(permissions_as_heap(nodes[at]));
        ion_trees_.push_back(std::make_unique<cuse::FuseTree>(
            dev_root, cuse::FuseTree::Node{ .name = nodes[at].name,
                                            .device = ion_devices_[at].get(),
                                            .mode = permissions.mode.value_or(kDefaultMode),
                                            .owner = permissions.owner.value_or(0),
                                            .group = permissions.group.value_or(0) }));
        ion_trees_.back()->show(server_);
        spdlog::info("serving ION at {}", path);
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
