// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "core/inode.h"
#include "cuse/credentials.h"
#include "cuse/cuse_node.h"
#include "cuse/fuse_tree.h"
#include "cuse/node.h"
#include "cuse/server.h"
#include "tools/dmaheapd/config.h"

namespace dmaheap::daemon {

/// The nodes that clients see: devices, or files of mounts. They are gone when it is destroyed.
class Nodes {
public:
    /// What they are, and under which folder.
    struct Frame {
        config::Frontend frontend; ///< as choose_frontend() has it
        std::string dev_root;
        bool may_hide; ///< what is in the folder of the heaps' nodes already
    };

    /// Where the nodes of the heaps are, under the dev-root.
    static constexpr const char *kFolder = "/dma_heap";

    /// Shows the nodes of the heaps, then those of ION. `server` serves them from now on, and must
    /// be ended before they are destroyed. Throws std::exception with a message for the user.
    void show(const Frame &frame, const std::vector<cuse::Node> &heaps,
              const std::vector<cuse::Node> &ion, cuse::Server &server);

    /// Changes of the heaps' nodes once all are shown, and only from one thread; the server is that
    /// of show(). Whoever has a removed node open gets ENODEV, or ENOTCONN of a device. Devices
    /// must outlive the nodes all the same.
    Status add(const cuse::Node &node, cuse::Server &server);
    Status remove(const std::string &name);
    /// Sets what is said of the permissions of the node of that name.
    Status change(const cuse::Node &node);

    /// Whether they are files of mounts.
    [[nodiscard]] bool mounted() const { return tree_.has_value(); }

    /// Whether somebody could open the node of the heap of this name for reading and writing.
    /// Thread-safe once all are shown.
    [[nodiscard]] bool may_use(const cuse::Credentials &who, const std::string &heap) const;

    /// The device of a file of a mount, or null.
    [[nodiscard]] cuse::Device *device_of(const Inode &file) const;

private:
    Status add_device(const std::string &folder, const cuse::Node &node, cuse::Server &server);
    void show_folder(const Frame &frame, const std::vector<cuse::Node> &nodes,
                     cuse::Server &server);
    void show_file(const std::string &folder, const cuse::Node &node, cuse::Server &server);

    std::optional<cuse::FuseTree> tree_;
    std::vector<std::unique_ptr<cuse::FuseTree>> ion_trees_;
    std::vector<std::unique_ptr<cuse::CuseNode>> devices_;
};

} // namespace dmaheap::daemon
