// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/heap.h"
#include "core/ledger.h"
#include "cuse/aside.h"
#include "cuse/credentials.h"
#include "cuse/cuse_node.h"
#include "cuse/delivery/ptrace_delivery.h"
#include "cuse/delivery/routed_delivery.h"
#include "cuse/device.h"
#include "cuse/fuse_tree.h"
#include "cuse/ion_handles.h"
#include "cuse/server.h"
#include "tools/control/commands.h"
#include "tools/control/server.h"
#include "tools/dmaheapd/config.h"
#include "tools/dmaheapd/dev_root.h"
#include "tools/dmaheapd/reaper.h"
#include "tools/dmaheapd/refusal_log.h"
#include "tools/dmaheapd/regions.h"
#include "tools/dmaheapd/signals.h"

namespace dmaheap::daemon {

/// Everything put together: heaps, their nodes, and who serves them. What it makes on the machine
/// is gone when it is destroyed.
class Daemon {
public:
    /// Makes an exporter; `on_live` as in choose_exporter().
    using MakeExporter = std::function<std::unique_ptr<Exporter>(std::function<void()> on_live)>;

    /// Starts serving. Without `make_exporter` the config chooses the exporter. Throws
    /// std::exception with a message for the user.
    explicit Daemon(const config::Config &config, const MakeExporter &make_exporter = {});
    Daemon(const Daemon &) = delete;
    Daemon &operator=(const Daemon &) = delete;
    ~Daemon();

    /// Serves until SIGTERM or SIGINT comes, or something can be read from `end`.
    void run(int end = -1);

    /// The device of a node of the FUSE mount that has these attributes, or null.
    [[nodiscard]] cuse::Device *device_of(const struct stat &file) const;

private:
    /// A name of a heap: `heap` is called what the node is.
    struct Node {
        config::Heap heap;
        cuse::Device *device;
    };

    void add_heap(const config::Config &config, const config::Heap &heap,
                  const std::string &folder);
    [[nodiscard]] control::World world();
    void add_nodes(const config::Heap &heap, cuse::Device &device);
    void show_nodes(const config::Config &config);
    void show_in_cuse();
    void show_in_fuse(const std::string &dev_root);
    [[nodiscard]] const cuse::CuseNode *last_node() const;
    void add_ion(const config::Config &config);
    void show_ion_in_cuse(const std::vector<config::Ion> &nodes);
    void show_ion_in_fuse(const std::string &dev_root, const std::vector<config::Ion> &nodes);
    [[nodiscard]] bool may_use(const cuse::Credentials &who, const std::string &heap) const;
    bool handle(int signal);
    void report_use();

    // From what is used to what uses it: members end in the opposite order.
    Signals signals_;
    DevRootLock lock_;
    Reaper reaper_;
    RefusalLog refusals_;
    Ledger ledger_;
    Regions regions_;
    std::unique_ptr<Exporter> exporter_;
    delivery::PtraceDelivery ptrace_;
    delivery::RoutedDelivery delivery_;
    std::vector<std::unique_ptr<Heap>> heaps_;
    std::vector<control::Served> served_;
    std::vector<std::unique_ptr<cuse::Device>> devices_;
    cuse::IonQuota ion_quota_;
    std::vector<std::unique_ptr<cuse::Device>> ion_devices_; ///< as the config has them
    std::vector<Node> shown_;
    std::optional<cuse::FuseTree> tree_;
    std::vector<std::unique_ptr<cuse::FuseTree>> ion_trees_;
    std::vector<std::unique_ptr<cuse::CuseNode>> nodes_;
    cuse::Aside aside_;
    cuse::Server server_;
    std::unique_ptr<control::Server> control_;
};

} // namespace dmaheap::daemon
