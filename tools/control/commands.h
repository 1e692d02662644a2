// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/heap.h"
#include "core/ledger.h"
#include "tools/control/holders.h"
#include "tools/control/peer.h"
#include "tools/control/protocol.h"

namespace dmaheap::control {

/// A heap as it is served.
struct Served {
    std::string name;
    Heap *heap; ///< null: only live buffers of it are known, from the daemon before this one
    std::string policy;
    std::string node;     ///< path; empty: the config has the heap no more, but it has live buffers
    std::string exporter; ///< of its buffers
};

/// What the daemon lets be seen and changed. All of it outlives the commands.
struct World {
    Ledger &ledger;
    std::function<std::vector<Served>()> heaps; ///< as long as the commands, each of them
    std::string frontend;
    std::string exporter; ///< the usual one
    std::function<Json()> regions;
    /// Lets buffers end that have ended unnoticed. Called in the thread that serves the socket.
    std::function<void()> look_again;
};

/// What can be asked over the control socket: see docs/control.md. Called in one thread; takes the
/// ledger's lock for some microseconds at a time, and no other.
class Commands {
public:
    explicit Commands(World world) : world_(std::move(world)) {}

    Answer<Json> operator()(const Request &request, const Peer &peer);

private:
    struct Row;
    static const Row *find(const std::string &command);

    Answer<Json> status(const Json &arguments);
    Answer<Json> heaps(const Json &arguments);
    Answer<Json> regions(const Json &arguments);
    Answer<Json> buffers(const Json &arguments);
    Answer<Json> usage(const Json &arguments);
    Answer<Json> limits(const Json &arguments);
    Answer<Json> set_limits(const Json &arguments);
    Answer<Json> faults(const Json &arguments);
    Answer<Json> set_faults(const Json &arguments);

    [[nodiscard]] std::size_t served_count() const;
    [[nodiscard]] Answer<Served> served(const std::string &name) const;

    World world_;
    std::shared_ptr<HolderSearch> search_ = std::make_shared<HolderSearch>();
};

} // namespace dmaheap::control
