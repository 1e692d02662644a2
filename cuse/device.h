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
    std::uint64_t file = 0;  ///< the open file that it was made on, as Device::open() named it
    bool of_32_bits = false; ///< the program, on a kernel of 64
};

/// Called when a client's request is refused, after the client has been told. `asked`: what for, as
/// far as the error does not say it, such as "handle 7"; may be empty. Thread-safe.
using OnRefusal = std::function<void(std::string_view device, const delivery::Caller &,
                                     const Error &, std::string_view asked)>;

/// What a client talks to through a node. Knows nothing of how the node came to be. Thread-safe.
class Device {
public:
    Device() = default;
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;
    virtual ~Device() = default;

    virtual void ioctl(const Ioctl &request, delivery::PendingReply reply) = 0;

    /// The name of a file that is being opened. Must hold nothing before the first ioctl on it.
    virtual std::uint64_t open() { return 0; }
    /// The last descriptor of an open file has gone, some time ago.
    virtual void release(std::uint64_t /*file*/) {}
};

} // namespace dmaheap::cuse
