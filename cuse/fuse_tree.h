// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "core/inode.h"
#include "cuse/channel.h"
#include "cuse/fuse_mount.h"
#include "cuse/node.h"
#include "cuse/server.h"

namespace dmaheap::cuse {

/// Nodes as files of one FUSE mount, for kernels without CUSE: its root is a folder of them, or the
/// only one itself. The kernel checks mode, owner and group; chmod and chown work and last as long
/// as the daemon.
class FuseTree {
public:
    /// The folder is made if need be, and taken away again at the end. What a node does not say of
    /// its permissions is 0600 root. Throws std::system_error.
    FuseTree(const std::string &folder, const std::vector<Node> &nodes);
    /// The same for a file `folder`/`node.name`, which is all that the mount shows.
    FuseTree(const std::string &folder, const Node &node);
    FuseTree(const FuseTree &) = delete;
    FuseTree &operator=(const FuseTree &) = delete;
    ~FuseTree();

    /// Mounts the tree there. `server` serves it from now on, and must be ended before the tree is
    /// destroyed. Throws std::system_error.
    void show(Server &server);

    /// Changes of a tree that is shown. Whoever has a removed node open gets ENODEV; its device
    /// must outlive the tree all the same.
    void add(const Node &node);
    void remove(const std::string &name);
    /// Sets what is said of the permissions of the node of that name.
    void change(const Node &node);

    /// Mode, owner and group of a node, as they are now; nothing when there is no such node.
    [[nodiscard]] std::optional<struct stat> attributes_of(std::string_view name) const;

    /// The device of a node; null when it is not one of ours.
    [[nodiscard]] Device *device_of(const Inode &file) const;

private:
    friend struct TreeCalls;
    class Place; ///< of the mount; made if it was not there, and removed if we made it

    struct File {
        std::string name;
        Device *device; ///< null for a folder
        struct stat attributes;
        bool gone = false; ///< has been removed; its number is not used again
    };

    [[nodiscard]] const File *find(std::string_view name) const; ///< of those that are not gone
    static void set_permissions(struct stat &attributes, const NodePermissions &said);
    void add_file(const Node &node); ///< without a device, a folder

    std::unique_ptr<Place> place_;
    mutable std::mutex mutex_;
    dev_t mounted_ = 0;      ///< number of the mount's file system
    std::deque<File> files_; ///< number N is inode N + 1: the folder, then the nodes
    std::unique_ptr<Channel> channel_;
    std::optional<AttachedMount> mount_;
};

} // namespace dmaheap::cuse
