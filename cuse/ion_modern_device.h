// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "cuse/allocating_device.h"
#include "cuse/aside.h"
#include "cuse/delivery/delivery.h"
#include "cuse/ion_heaps.h"

namespace dmaheap::cuse {

/// An ION node as Linux 4.12 to 5.10 had it; behaves as ion_ioctl() of 5.10 does.
class IonModernDevice final : public AllocatingDevice {
public:
    struct Options {
        std::string name;                         ///< of the node, for refusals
        std::optional<std::uint32_t> abi_version; ///< what ABI_VERSION answers; else ENOTTY
    };

    /// Delivery and aside must outlive the device.
    IonModernDevice(Options options, IonHeaps heaps, delivery::Delivery &delivery, Aside &aside,
                    Later &later, OnRefusal on_refusal);

private:
    void serve(const Ioctl &request, delivery::PendingReply reply, DrawnFaults faults) override;
    /// `asked`: for the log, when it is refused.
    Status allocate(const Ioctl &request, delivery::PendingReply &reply, DrawnFaults faults,
                    std::string &asked);
    Status query(const Ioctl &request, delivery::PendingReply &reply);
    Status tell_version(delivery::PendingReply &reply) const;
    Status refuse_unknown(const Ioctl &request, delivery::PendingReply &reply);
    [[nodiscard]] std::vector<std::byte> described(std::size_t count) const;

    Options options_;
    IonHeaps heaps_;
    delivery::Delivery &delivery_;
    Aside &aside_;
    OnRefusal on_refusal_;
};

} // namespace dmaheap::cuse
