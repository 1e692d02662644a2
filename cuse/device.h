// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "cuse/delivery/caller.h"
#include "cuse/delivery/pending_reply.h"

namespace dmaheap::cuse {

/// One ioctl as the kernel hands it over: it has copied as many bytes in as the command says.
struct Ioctl {
    std::uint32_t command;
    std::uint64_t argument; ///< the address of the struct in the caller
    std::span<const std::byte> in;
    delivery::Caller caller;
};

/// Called when a client's request is refused, after the client has been told. Thread-safe.
using OnRefusal =
    std::function<void(std::string_view device, const delivery::Caller &, const Error &)>;

/// What a client talks to through a node. Knows nothing of how the node came to be. Thread-safe.
class Device {
public:
    Device() = default;
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;
    virtual ~Device() = default;

    virtual void ioctl(const Ioctl &request, delivery::PendingReply reply) = 0;
};

} // namespace dmaheap::cuse
