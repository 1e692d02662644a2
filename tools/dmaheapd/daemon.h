// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
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
#include "cuse/later.h"
#include "cuse/node.h"
#include "cuse/server.h"
#include "tools/control/commands.h"
#include "tools/control/server.h"
#include "tools/dmaheapd/config.h"
#include "tools/dmaheapd/dev_root.h"
#include "tools/dmaheapd/exporters.h"
#include "tools/dmaheapd/nodes.h"
#include "tools/dmaheapd/reaper.h"
#include "tools/dmaheapd/refusal_log.h"
#include "tools/dmaheapd/regions.h"
#include "tools/dmaheapd/signals.h"
#include "tools/dmaheapd/store.h"

namespace dmaheap::daemon {

/// Who sees what is mounted under the dev-root.
enum class Seen {
    by_everybody,
    by_us_alone, ///< it is in a mount namespace of our own: what we hide, we hide from nobody else
};

/// Everything put together: heaps, their nodes, and who serves them. What it makes on the machine
/// is gone when it is destroyed.
class Daemon {
public:
    /// Makes an exporter; `on_live` as in choose_exporter().
    using MakeExporter = std::function<std::unique_ptr<Exporter>(std::function<void()> on_live)>;

    /// Reads the config again. Throws std::exception.
    using Reread = std::function<config::Config()>;

    /// Starts serving. Without `make_exporter` the config chooses the exporter; without `reread` it
    /// is never read again. Throws std::exception with a message for the user.
    explicit Daemon(const config::Config &config, const MakeExporter &make_exporter = {},
                    Reread reread = {}, Seen seen = Seen::by_everybody);
    Daemon(const Daemon &) = delete;
    Daemon &operator=(const Daemon &) = delete;
    ~Daemon();

    /// Serves until something can be read from `end`, or, if everybody sees it, SIGTERM or SIGINT
    /// comes.
    void run(int end = -1);

    /// The device of a node of the FUSE mount, or null.
    [[nodiscard]] cuse::Device *device_of(const Inode &file) const
    {
        return nodes_.device_of(file);
    }

private:
    /// What the daemon before this one has left.
    struct Heritage {
        std::optional<Inheritance> buffers;
        Regions::Earlier regions;
    };

    /// A heap of which nobody knows yet.
    struct Made {
        config::Heap config;
        std::unique_ptr<Heap> heap;
        std::shared_ptr<Cache> cache; ///< null: without
        const char *exporter;         ///< its name
    };

    /// A heap, as long as the daemon runs: its buffers outlive its place in the config.
    struct Kept {
        config::Heap config;
        Heap *heap;
        cuse::Device *device;
        std::shared_ptr<Cache> cache;
        const char *exporter;
        bool served;
    };

    cuse::OnRefusal on_refusal();
    delivery::OnFailure on_failure();
    void watch_pressure(const config::Config &config);
    Made make_heap(const config::Config &config, const config::Heap &heap);
    const Kept &keep(Made made);
    [[nodiscard]] std::vector<cuse::Node> heap_nodes() const;
    void reload();
    void take_over(config::Config next);
    Kept *find_unused(const config::Heap &heap);
    Kept *find_served(const std::string &name);
    void serve_again(Kept &kept, const config::Heap &heap);
    void take_away(Kept &kept);
    void drop_aliases(const Kept &kept, const config::Heap &heap);
    void remove_node(const std::string &name);
    void adjust(Kept &kept, const config::Heap &heap);
    void show(const Kept &kept);
    [[nodiscard]] std::vector<control::Served> served() const;
    Heritage read_store();
    void inherit(std::optional<Inheritance> earlier);
    std::vector<Memory> withdraw(const Place &place);
    void farewell();
    [[nodiscard]] control::World world();
    void add_ion(const config::Config &config, const std::vector<config::Ion> &nodes);
    bool handle(int signal);
    void give_back_caches();
    void report_use();

    // From what is used to what uses it: members end in the opposite order.
    Store store_; ///< first of all
    Signals signals_;
    const Seen seen_;
    std::optional<DevRootLock> lock_; ///< against others that everybody sees
    const std::string folder_;        ///< of the heaps' nodes
    Reaper reaper_;
    RefusalLog refusals_;
    Ledger ledger_;
    Regions regions_{ store_ };
    Caches caches_;
    std::optional<Pressure> pressure_; ///< looked for while anything is kept
    std::unique_ptr<Exporters> exporter_;
    std::optional<Estate> estate_; ///< for the daemon that comes next
    bool left_ = false;            ///< it has been given away
    delivery::PtraceDelivery ptrace_;
    delivery::RoutedDelivery delivery_;
    config::Config config_; ///< as it is served
    Reread reread_;
    std::vector<std::unique_ptr<Heap>> heaps_;
    mutable std::mutex kept_mutex_; ///< for the control socket, which only looks
    std::deque<Kept> kept_;
    cuse::IonQuota ion_quota_;
    std::vector<std::unique_ptr<cuse::Device>> devices_;
    std::vector<cuse::Node> ion_nodes_;
    Nodes nodes_;
    cuse::Aside aside_;
    cuse::Later later_; ///< what is put off is let go while its clients can be answered
    cuse::Server server_;
    std::unique_ptr<control::Server> control_;
};

} // namespace dmaheap::daemon
