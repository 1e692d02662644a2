// SPDX-License-Identifier: MIT
#include "tests/support/balance.h"

#include <sstream>
#include <stdexcept>

#include "tests/support/proc.h"

namespace dmaheap::test {
namespace {

constexpr const char *kDaemon = "the daemon";

void tell(std::ostream &out, const std::string &whose, const char *what, long before, long now)
{
    if (before != now)
        out << whose << ": " << now << ' ' << what << ", there were " << before << "; ";
}

// What the daemon does ahead of need or after the fact has been done when it sleeps. It need not:
// it may be looking after buffers that are in use.
Daemon &quiet(Daemon &daemon)
{
    await(
        [&] {
            const long before = proc::context_switches(daemon.pid());
            let_pass(std::chrono::milliseconds(60) * slowness());
            return proc::context_switches(daemon.pid()) == before;
        },
        Deadline(std::chrono::seconds(2)));
    return daemon;
}

} // namespace

Balance::Count Balance::count(const std::string &whose, pid_t pid)
{
    return { .whose = whose,
             .pid = pid,
             .descriptors = proc::descriptors(pid),
             .mappings = whose == kDaemon ? proc::file_mappings(pid) : proc::mappings(pid) };
}

Balance::Balance(Daemon &daemon, const std::vector<Client *> &clients)
    : daemon_(quiet(daemon)), live_(daemon.live().buffers), counts_{ count(kDaemon, daemon.pid()) }
{
    for (const Client *client : clients)
        counts_.push_back(count("client " + std::to_string(counts_.size()), client->pid()));
}

std::string Balance::compare(long live) const
{
    std::ostringstream text;

    tell(text, kDaemon, "live buffers", live_, live);
    for (const Count &before : counts_) {
        const Count now = count(before.whose, before.pid);
        tell(text, before.whose, "descriptors", before.descriptors, now.descriptors);
        tell(text, before.whose, "mappings", before.mappings, now.mappings);
    }
    return text.str();
}

std::string Balance::difference()
{
    std::string text;

    await([&] {
        text = compare(daemon_.live().buffers);
        return text.empty();
    });
    return text;
}

void warm_up(Daemon &daemon)
{
    Client client;
    const long long heap = client.get("open", daemon.node());

    client.get("cycle", heap, 4096, 20);
    client.get("close", heap);
    if (!daemon.await_live(0))
        throw std::runtime_error("dmaheapd does not notice that a buffer was closed");
}

} // namespace dmaheap::test
