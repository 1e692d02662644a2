// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/exporter.h"
#include "cuse/allocating_device.h"
#include "cuse/aside.h"
#include "cuse/delivery/delivery.h"
#include "cuse/ion_handles.h"
#include "cuse/ion_heaps.h"

namespace dmaheap::cuse {

/// An ION node as Linux 3.4 to 4.11 had it; behaves as ion_ioctl() and compat_ion_ioctl() of 4.9
/// do. Handles belong to the open file and end with it; buffers live on as long as a dma-buf does.
class IonLegacyDevice final : public AllocatingDevice {
public:
    /// What it works with; all of it must outlive the device.
    struct Services {
        Exporter &exporter; ///< that of the heaps
        IonQuota &quota;
        delivery::Delivery &delivery;
        Aside &aside;
        Later &later; ///< which ends first, see AllocatingDevice
    };

    /// `name`: of the node, for refusals.
    IonLegacyDevice(std::string name, IonHeaps heaps, Services services, OnRefusal on_refusal);

    std::uint64_t open() override;
    void release(std::uint64_t file) override;

private:
    void serve(const Ioctl &request, delivery::PendingReply reply, DrawnFaults faults) override;
    /// `asked`: for the log, when it is refused.
    Status answer(const Ioctl &request, delivery::PendingReply &reply, DrawnFaults faults,
                  std::string &asked);
    Status allocate(const Ioctl &request, delivery::PendingReply &reply, DrawnFaults faults,
                    std::string &asked);
    Status free(const Ioctl &request, delivery::PendingReply &reply);
    Status share(const Ioctl &request, delivery::PendingReply &reply);
    Status import(const Ioctl &request, delivery::PendingReply &reply);
    Status sync(const Ioctl &request, delivery::PendingReply &reply) const;
    Result<std::unique_ptr<SharedBuffer>> allocate_shared(const Ioctl &request, DrawnFaults &faults,
                                                          std::string &asked) const;
    [[nodiscard]] Result<std::unique_ptr<SharedBuffer>> imported(const Ioctl &request) const;
    std::shared_ptr<IonHandles> handles_of(std::uint64_t file);

    std::string name_;
    IonHeaps heaps_;
    Services services_;
    OnRefusal on_refusal_;
    std::atomic<std::uint64_t> last_file_ = 0;
    std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<IonHandles>> files_; ///< those with handles
};

} // namespace dmaheap::cuse
