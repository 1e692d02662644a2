// SPDX-License-Identifier: MIT
//
// SIGHUP: another config takes the place of the one that is served.
#include <algorithm>
#include <cstring>
#include <ctime>
#include <exception>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include "tools/dmaheapd/changes.h"
#include "tools/dmaheapd/choices.h"
#include "tools/dmaheapd/daemon.h"
#include "tools/dmaheapd/heap_settings.h"
#include "tools/dmaheapd/memory_rules.h"

namespace dmaheap::daemon {

namespace {

void tell_of_reload()
{
    constexpr long long kMicroseconds = 1'000'000;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    ::sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                 now.tv_sec * kMicroseconds + now.tv_nsec / 1000);
}

bool has_alias(const config::Heap &heap, const std::string &name)
{
    return std::ranges::find(heap.aliases, name) != heap.aliases.end();
}

/// What people have set since stays, but for what the config says otherwise than before.
void keep_what_is_new(cuse::NodePermissions &node, const config::Permissions &before,
                      const config::Permissions &now)
{
    if (before.mode == now.mode)
        node.mode.reset();
    if (before.owner == now.owner)
        node.owner.reset();
    if (before.group == now.group)
        node.group.reset();
}

/// What has been said, and is not said any more, is not taken back: udev may have said it, too.
bool says_less(const config::Permissions &before, const config::Permissions &now)
{
    return (before.mode && !now.mode) || (before.owner && !now.owner) ||
           (before.group && !now.group);
}

/// Whoever has been given as a node's owner may have gone since.
void check_accounts(const std::vector<config::Heap> &heaps)
{
    for (const config::Heap &heap : heaps)
        nodes_of(heap, nullptr);
}

std::set<std::string> names_of(const std::vector<cuse::Node> &nodes)
{
    std::set<std::string> names;
    for (const cuse::Node &node : nodes)
        names.insert(node.name);
    return names;
}

void log_failure(const cuse::Node &node, const Status &done)
{
    if (!done)
        spdlog::error("node {}: {}: {}", node.name, done.error().step,
                      std::strerror(done.error().code));
}

} // namespace

void Daemon::reload()
{
    if (!reread_)
        return spdlog::warn("SIGHUP: there is no config that could be read again");

    tell_of_reload();
    try {
        take_over(reread_());
        spdlog::info("SIGHUP: serving {} heap(s)", config_.heaps.size());
    } catch (const std::exception &error) {
        spdlog::error("SIGHUP: everything stays as it was: {}", error.what());
    }
    ::sd_notify(0, "READY=1");
}

/// What may fail comes first; from then on nothing is left half done.
void Daemon::take_over(config::Config next)
{
    next.heaps = without_conflicts(next.heaps, folder_, names_of(heap_nodes()));
    const Changes changes = compare(config_, next);
    next = as_served(config_, std::move(next));
    config::check_memory(next); // what stays and what is new together
    check_accounts(changes.adjusted);
    check_accounts(changes.made);
    expect_regions(*exporter_, next);
    Regions::Trial regions(regions_);
    regions_.make_missing(next, changes.made, *exporter_);
    std::vector<Made> made;
    for (const config::Heap &heap : changes.made)
        if (!find_unused(heap))
            made.push_back(make_heap(next, heap));
    regions.keep();
    regions_.leave();

    for (const std::string &setting : changes.not_now)
        spdlog::warn("SIGHUP: {}: stays as it is until the daemon is started anew", setting);
    for (const std::string &name : changes.gone)
        if (Kept *const kept = find_served(name))
            take_away(*kept);
    for (const config::Heap &heap : changes.adjusted)
        if (const Kept *const kept = find_served(heap.name))
            drop_aliases(*kept, heap); // another may want them
    for (const config::Heap &heap : changes.adjusted)
        if (Kept *const kept = find_served(heap.name))
            adjust(*kept, heap);
    for (const config::Heap &heap : changes.made)
        if (Kept *const kept = find_unused(heap))
            serve_again(*kept, heap);
    for (Made &heap : made) {
        const Kept &kept = keep(std::move(heap));
        show(kept);
        spdlog::info("heap {}: is served from now on", kept.config.name);
    }
    if (config_.limits != next.limits)
        ledger_.set_limits_of_all(limits_of_all(next.limits));
    if (config_.log_level != next.log_level)
        spdlog::set_level(spdlog::level::from_str(next.log_level));
    config_ = std::move(next);
    if (!pressure_)
        watch_pressure(config_);
}

/// One that was served before, with the same memory. A cache that was closed keeps nothing more.
Daemon::Kept *Daemon::find_unused(const config::Heap &heap)
{
    const auto found = std::ranges::find_if(kept_, [&](const Kept &kept) {
        return !kept.served && !kept.cache && kept.config.name == heap.name &&
               same_memory(kept.config, heap);
    });
    return found == kept_.end() ? nullptr : &*found;
}

Daemon::Kept *Daemon::find_served(const std::string &name)
{
    const auto found = std::ranges::find_if(
        kept_, [&](const Kept &kept) { return kept.served && kept.config.name == name; });
    return found == kept_.end() ? nullptr : &*found;
}

void Daemon::serve_again(Kept &kept, const config::Heap &heap)
{
    ledger_.set_limits(heap.name, limits_of(heap));
    {
        const std::scoped_lock lock(kept_mutex_);
        kept.config = heap;
        kept.served = true;
    }
    show(kept);
    spdlog::info("heap {}: is served again", heap.name);
}

/// Its live buffers stay, and stay charged to it.
void Daemon::take_away(Kept &kept)
{
    {
        const std::scoped_lock lock(kept_mutex_);
        kept.served = false;
    }
    remove_node(kept.config.name);
    for (const std::string &alias : kept.config.aliases)
        remove_node(alias);
    if (kept.cache)
        kept.cache->close();
    const auto accounts = ledger_.accounts();
    spdlog::info("heap {}: is no longer served; {} buffer(s) of it are live", kept.config.name,
                 accounts.at(kept.config.name).use.buffers);
}

void Daemon::drop_aliases(const Kept &kept, const config::Heap &heap)
{
    for (const std::string &alias : kept.config.aliases)
        if (!has_alias(heap, alias))
            remove_node(alias);
}

void Daemon::remove_node(const std::string &name)
{
    if (auto removed = nodes_.remove(name); !removed)
        spdlog::error("node {}: it is still there, and works: {}", name, removed.error().step);
}

void Daemon::adjust(Kept &kept, const config::Heap &heap)
{
    const config::Heap before = kept.config;
    if (limits_of(before) != limits_of(heap))
        ledger_.set_limits(heap.name, limits_of(heap));
    {
        const std::scoped_lock lock(kept_mutex_);
        kept.config = heap;
    }
    const config::Permissions &now = heap;
    if (says_less(before, now))
        spdlog::warn("heap {}: what the config no longer says of mode, owner or group stays as it "
                     "is until the daemon is started anew",
                     heap.name);
    for (cuse::Node &node : nodes_of(heap, kept.device)) {
        if (node.name != heap.name && !has_alias(before, node.name)) {
            log_failure(node, nodes_.add(node, server_));
            continue;
        }
        keep_what_is_new(node.permissions, before, now);
        log_failure(node, nodes_.change(node));
    }
    spdlog::info("heap {}: has other settings", heap.name);
}

void Daemon::show(const Kept &kept)
{
    for (const cuse::Node &node : nodes_of(kept.config, kept.device))
        log_failure(node, nodes_.add(node, server_));
}

/// Also those of which there is nothing but live buffers, perhaps of the daemon before this one.
std::vector<control::Served> Daemon::served() const
{
    const std::scoped_lock lock(kept_mutex_);
    const auto accounts = ledger_.accounts();
    std::vector<control::Served> list;
    std::set<std::string> names;
    for (const bool wanted : { true, false })
        for (const Kept &kept : kept_) {
            const std::string &name = kept.config.name;
            if (kept.served != wanted || (!wanted && accounts.at(name).use.buffers == 0) ||
                !names.insert(name).second)
                continue;

            const std::string node = folder_ + '/' + name;
            list.push_back({ .name = name,
                             .heap = kept.heap,
                             .policy = kept.config.policy,
                             .node = kept.served ? node : "",
                             .exporter = kept.exporter });
        }
    for (const auto &[name, account] : accounts)
        if (account.use.buffers > 0 && !names.contains(name))
            list.push_back({ .name = name,
                             .heap = nullptr,
                             .policy = "",
                             .node = "",
                             .exporter = exporter_->name() });
    return list;
}

} // namespace dmaheap::daemon
