// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/cache.h"
#include "core/heap.h"
#include "core/ledger.h"
#include "core/pressure.h"
#include "cuse/aside.h"
#include "cuse/delivery/ptrace_delivery.h"
#include "cuse/delivery/routed_delivery.h"
#include "cuse/device.h"
#include "cuse/ion_handles.h"
#include "cuse/node.h"
#include "cuse/server.h"
#include "tools/control/commands.h"
#include "tools/control/server.h"
#include "tools/dmaheapd/config.h"
#include "tools/dmaheapd/dev_root.h"
#include "tools/dmaheapd/nodes.h"
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
    [[nodiscard]] cuse::Device *device_of(const struct stat &file) const
    {
        return nodes_.device_of(file);
    }

private:
    cuse::OnRefusal on_refusal();
    delivery::OnFailure on_failure();
    void add_heap(const config::Config &config, const config::Heap &heap,
                  const std::string &folder);
    Recycling recycling_of(const config::Heap &heap);
    void watch_pressure(const config::Config &config);
    [[nodiscard]] control::World world();
    void add_ion(const config::Config &config);
    bool handle(int signal);
    void give_back_caches();
    void report_use();

    // From what is used to what uses it: members end in the opposite order.
    Signals signals_;
    DevRootLock lock_;
    Reaper reaper_;
    RefusalLog refusals_;
    Ledger ledger_;
    Regions regions_;
    Caches caches_;
    std::optional<Pressure> pressure_; ///< looked for while anything is kept
    std::unique_ptr<Exporter> exporter_;
    delivery::PtraceDelivery ptrace_;
    delivery::RoutedDelivery delivery_;
    std::vector<std::unique_ptr<Heap>> heaps_;
    std::vector<control::Served> served_;
    cuse::IonQuota ion_quota_;
    std::vector<std::unique_ptr<cuse::Device>> devices_;
    std::vector<cuse::Node> heap_nodes_;
    std::vector<cuse::Node> ion_nodes_;
    Nodes nodes_;
    cuse::Aside aside_;
    cuse::Server server_;
    std::unique_ptr<control::Server> control_;
};

} // namespace dmaheap::daemon
