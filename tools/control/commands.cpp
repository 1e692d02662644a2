// SPDX-License-Identifier: MIT
#include "tools/control/commands.h"

#include <algorithm>
#include <array>
#include <set>

#include <unistd.h>

#include "tools/control/arguments.h"
#include "tools/control/errno_names.h"
#include "tools/control/shown.h"

namespace dmaheap::control {

namespace {

constexpr std::size_t kAtATime = 256; // entries, for each of which the ledger is locked
constexpr std::uint64_t kLongestDelay = 10'000;

struct Wanted {
    std::optional<std::string> heap;
    std::optional<std::uint64_t> process;
    std::optional<std::uint64_t> user;

    [[nodiscard]] bool operator()(const Ledger::Entry &entry) const
    {
        return (!heap || entry.heap == *heap) &&
               (!process || static_cast<std::uint64_t>(entry.owner.process) == *process) &&
               (!user || entry.owner.user == *user);
    }
};

std::vector<Ledger::Entry> entries_of(const Ledger &ledger, const Wanted &wanted)
{
    std::vector<Ledger::Entry> found;
    std::uint64_t last = 0;
    for (auto some = ledger.entries_after(last, kAtATime); !some.empty();
         some = ledger.entries_after(last, kAtATime)) {
        last = some.back().id;
        std::ranges::copy_if(some, std::back_inserter(found), wanted);
    }
    return found;
}

std::optional<Holders> holders_of(const std::vector<Ledger::Entry> &entries, HolderSearch &search)
{
    std::set<Inode> files;
    for (const Ledger::Entry &entry : entries)
        if (entry.file.inode != 0)
            files.insert(entry.file);
    return files.empty() ? Holders() : search.find(files);
}

/// Puts what is said into the limits; null takes a limit away.
void change(Arguments &arguments, Limits &limits)
{
    const auto set = [&](const char *name, std::optional<Bytes> &limit) {
        if (arguments.has(name))
            limit = arguments.number(name);
    };
    set("limit", limits.total);
    set("limit-per-uid", limits.per_user);
    set("limit-per-process", limits.per_process);
    set("max-buffer", limits.buffer);
}

} // namespace

struct Commands::Row {
    const char *name;
    bool changes;
    Answer<Json> (Commands::*run)(const Json &arguments);
};

const Commands::Row *Commands::find(const std::string &command)
{
    static constexpr std::array kRows{
        Row{ "status", false, &Commands::status },
        Row{ "heaps", false, &Commands::heaps },
        Row{ "regions", false, &Commands::regions },
        Row{ "buffers", false, &Commands::buffers },
        Row{ "usage", false, &Commands::usage },
        Row{ "limits", false, &Commands::limits },
        Row{ "set-limits", true, &Commands::set_limits },
        Row{ "faults", false, &Commands::faults },
        Row{ "set-faults", true, &Commands::set_faults },
    };
    const auto *const row = std::ranges::find(kRows, command, &Row::name);
    return row == kRows.end() ? nullptr : row;
}

Answer<Json> Commands::operator()(const Request &request, const Peer &peer)
{
    const Row *const row = find(request.command);
    if (!row)
        return refuse("EINVAL", "there is no command \"" + request.command + "\"");
    if (row->changes && !peer.may_change)
        return refuse("EPERM", "only root may change anything");

    return (this->*row->run)(request.arguments);
}

Answer<Json> Commands::status(const Json &arguments)
{
    const Arguments none(arguments, {});
    if (none.refusal())
        return std::unexpected(*none.refusal());

    return Json{ { "pid", ::getpid() },
                 { "release", DMAHEAPD_VERSION },
                 { "frontend", world_.frontend },
                 { "exporter", world_.exporter },
                 { "heaps", served_count() } };
}

Answer<Json> Commands::heaps(const Json &arguments)
{
    const Arguments none(arguments, {});
    if (none.refusal())
        return std::unexpected(*none.refusal());

    world_.look_again();
    const auto heaps = world_.heaps(); // before their accounts: more may come at any moment
    const auto accounts = world_.ledger.accounts();
    Json list = Json::array();
    for (const Served &served : heaps) {
        const Ledger::Account &account = accounts.at(served.name);
        Json heap{ { "name", served.name },
                   { "policy", served.policy },
                   { "node", served.node },
                   { "exporter", served.exporter } };
        heap.update(shown(account.use));
        const Cache::Use cached = served.heap ? served.heap->cached() : Cache::Use{};
        heap["cached"] = cached.bytes;
        heap["cached-ready"] = cached.ready;
        heap["recycled"] = cached.recycled;
        heap["refused"] = account.refused;
        heap["faults"] = served.heap ? served.heap->faults().failed() : 0;
        heap.update(shown(account.limits));
        list.push_back(std::move(heap));
    }
    return list;
}

Answer<Json> Commands::regions(const Json &arguments)
{
    const Arguments none(arguments, {});
    if (none.refusal())
        return std::unexpected(*none.refusal());

    return world_.regions ? world_.regions() : Json::array();
}

Answer<Json> Commands::buffers(const Json &arguments)
{
    Arguments given(arguments, { "heap", "pid", "uid", "holders" });
    const Wanted wanted{ .heap = given.text("heap"),
                         .process = given.number("pid"),
                         .user = given.number("uid") };
    const bool with_holders = given.flag("holders");
    if (given.refusal())
        return std::unexpected(*given.refusal());
    if (wanted.heap)
        if (const auto known = served(*wanted.heap); !known)
            return std::unexpected(known.error());

    world_.look_again();
    const auto entries = entries_of(world_.ledger, wanted);
    const auto holders = with_holders ? holders_of(entries, *search_) : Holders();
    if (!holders)
        return refuse("EBUSY", "a process cannot be looked into: the search for holders does not "
                               "end; without holders it works");

    Json list = Json::array();
    for (const Ledger::Entry &entry : entries) {
        list.push_back(shown(entry));
        if (with_holders)
            list.back()["holders"] = shown(*holders, entry.file);
    }
    return list;
}

Answer<Json> Commands::usage(const Json &arguments)
{
    const Arguments none(arguments, {});
    if (none.refusal())
        return std::unexpected(*none.refusal());

    world_.look_again();
    Json heaps = Json::array();
    Json users = Json::array();
    Json processes = Json::array();
    for (const auto &[name, account] : world_.ledger.accounts()) {
        heaps.push_back(Json::object({ { "heap", name } }));
        heaps.back().update(shown(account.use));
        for (const auto &[user, use] : account.users) {
            users.push_back(Json::object({ { "heap", name }, { "uid", user } }));
            users.back().update(shown(use));
        }
        for (const auto &[process, use] : account.processes) {
            processes.push_back(Json::object(
                { { "heap", name }, { "pid", process }, { "name", name_of_process(process) } }));
            processes.back().update(shown(use));
        }
    }
    return Json{ { "heaps", heaps }, { "users", users }, { "processes", processes } };
}

Answer<Json> Commands::limits(const Json &arguments)
{
    const Arguments none(arguments, {});
    if (none.refusal())
        return std::unexpected(*none.refusal());

    Json list = Json::array();
    const auto add = [&](Json named, const Ledger::Account &account) {
        named.update(shown(account.limits));
        named.update(shown(account.use));
        named["refused"] = account.refused;
        list.push_back(std::move(named));
    };
    add(Json::object({ { "heap", nullptr } }), world_.ledger.account_of_all());
    for (const auto &[name, account] : world_.ledger.accounts())
        add(Json::object({ { "heap", name } }), account);
    return list;
}

Answer<Json> Commands::set_limits(const Json &arguments)
{
    Arguments given(arguments,
                    { "heap", "limit", "limit-per-uid", "limit-per-process", "max-buffer" });
    const auto heap = given.text("heap");
    if (heap)
        if (const auto known = served(*heap); !known)
            return std::unexpected(known.error());

    Limits limits =
        heap ? world_.ledger.accounts().at(*heap).limits : world_.ledger.account_of_all().limits;
    change(given, limits);
    if (given.refusal())
        return std::unexpected(*given.refusal());

    if (heap)
        world_.ledger.set_limits(*heap, limits);
    else
        world_.ledger.set_limits_of_all(limits);
    return shown(limits);
}

Answer<Json> Commands::faults(const Json &arguments)
{
    const Arguments none(arguments, {});
    if (none.refusal())
        return std::unexpected(*none.refusal());

    Json list = Json::array();
    for (const Served &served : world_.heaps()) {
        if (!served.heap)
            continue;
        list.push_back(Json::object({ { "heap", served.name } }));
        list.back().update(shown(served.heap->faults().plan()));
        list.back()["failed"] = served.heap->faults().failed();
    }
    return list;
}

Answer<Json> Commands::set_faults(const Json &arguments)
{
    Arguments given(arguments, { "heap", "errno", "count", "probability", "delay-ms" });
    const auto heap = given.text("heap");
    const auto code = given.text("errno");
    const auto count = given.number("count");
    const Faults::Plan plan{ .code = code ? errno_of(*code).value_or(0) : 0,
                             .count = count.value_or(0),
                             .probability = given.fraction("probability").value_or(1),
                             .delay = std::chrono::milliseconds(std::min(
                                 given.number("delay-ms").value_or(0), kLongestDelay + 1)) };
    if (given.refusal())
        return std::unexpected(*given.refusal());
    if (!heap)
        return refuse("EINVAL", "\"heap\" is missing");
    if (code && plan.code == 0)
        return refuse("EINVAL", "\"" + *code + "\" is no errno, such as \"ENOMEM\"");
    if (count == 0)
        return refuse("EINVAL", "\"count\" is 0; left away, it means all");
    if (plan.delay.count() > static_cast<std::int64_t>(kLongestDelay))
        return refuse("EINVAL", "\"delay-ms\" is above " + std::to_string(kLongestDelay));

    const auto found = served(*heap);
    if (!found)
        return std::unexpected(found.error());
    if (!found->heap)
        return refuse("ENOENT", "heap \"" + *heap + "\" is gone; it has live buffers only");

    found->heap->faults().set(plan.code == 0 && plan.delay.count() == 0 ? Faults::Plan{} : plan);
    return shown(found->heap->faults().plan());
}

std::size_t Commands::served_count() const
{
    const auto heaps = world_.heaps();
    return static_cast<std::size_t>(
        std::ranges::count_if(heaps, [](const Served &served) { return !served.node.empty(); }));
}

Answer<Served> Commands::served(const std::string &name) const
{
    std::string known;
    for (const Served &served : world_.heaps()) {
        if (served.name == name)
            return served;
        known.append(known.empty() ? "" : ", ").append(served.name);
    }
    return refuse("ENOENT", "there is no heap \"" + name + "\"; there are: " + known);
}

} // namespace dmaheap::control
