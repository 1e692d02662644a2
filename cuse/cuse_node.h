// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "cuse/channel.h"
#include "cuse/device.h"
#include "cuse/server.h"

namespace dmaheap::cuse {

/// One character device under /dev, made through CUSE. It vanishes with the object.
class CuseNode {
public:
    /// Whether /dev/cuse can be opened; the module is loaded once if that is what it takes.
    static Status available();

    /// Prepares /dev/NAME. NAME may have a folder: "dma_heap/system". Its device number will be the
    /// one after that of `previous`, whose major is shared; null for the first node. The device
    /// must outlive the node. EEXIST when the name is taken.
    static Result<std::unique_ptr<CuseNode>> create(std::string name, Device &device,
                                                    const CuseNode *previous);

    /// Makes the node, 0600 root, and returns when it is there. `server` serves it from now on, and
    /// must be ended before the node is destroyed. ETIMEDOUT when the kernel refuses it.
    Status show(Server &server);

    /// Takes the node away. Whoever has it open gets ENOTCONN from now on. The object has to stay
    /// until the server has ended.
    void hide();

    CuseNode(const CuseNode &) = delete;
    CuseNode &operator=(const CuseNode &) = delete;
    ~CuseNode();

    [[nodiscard]] std::string path() const { return "/dev/" + name_; }

    struct State;

private:
    CuseNode(std::string name, std::unique_ptr<State> state);

    std::string name_;
    std::unique_ptr<State> state_;
};

} // namespace dmaheap::cuse
