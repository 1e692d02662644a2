// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/nodes.h"

#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include <unistd.h>

#include <spdlog/spdlog.h>

#include "cuse/fuse_mount.h"
#include "cuse/kernel_access.h"
#include "tools/dmaheapd/dev_root.h"
#include "tools/dmaheapd/node_permissions.h"

namespace dmaheap::daemon {

namespace {

constexpr std::chrono::milliseconds kPatience{ 2000 };
constexpr std::chrono::milliseconds kPause{ 5 };

void require(const std::string &node, const Status &done)
{
    if (!done)
        throw std::system_error(done.error().code, std::generic_category(),
                                "node " + node + ": " + done.error().step);
}

std::string path_of(const std::string &heap)
{
    return std::string("/dev") + Nodes::kFolder + "/" + heap;
}

} // namespace

void Nodes::show(const Frame &frame, const std::vector<cuse::Node> &heaps,
                 const std::vector<cuse::Node> &ion, cuse::Server &server)
{
    const bool devices = frame.frontend == config::Frontend::cuse;
    if (devices)
        for (const cuse::Node &node : heaps)
            require(node.name, add_device("dma_heap/", node, server));
    else
        show_folder(frame, heaps, server);

    for (const cuse::Node &node : ion) {
        if (devices)
            require(node.name, add_device("", node, server));
        else
            show_file(frame.dev_root, node, server);
        spdlog::info("serving ION at {}/{}", frame.dev_root, node.name);
    }
}

Status Nodes::add(const cuse::Node &node, cuse::Server &server)
{
    if (!tree_)
        return add_device("dma_heap/", node, server);

    tree_->add(node);
    return {};
}

Status Nodes::remove(const std::string &name)
{
    if (tree_) {
        tree_->remove(name);
        return {};
    }

    const std::string path = path_of(name);
    for (const auto &device : devices_)
        if (device->path() == path)
            device->hide();
    // A thread that reads a request at this moment ends the device when it has done so.
    for (auto left = kPatience; ::access(path.c_str(), F_OK) == 0; left -= kPause) {
        if (left.count() <= 0)
            return failure(ETIMEDOUT, "end of the device");
        std::this_thread::sleep_for(kPause);
    }
    return {};
}

Status Nodes::change(const cuse::Node &node)
{
    if (!tree_)
        return apply_to(path_of(node.name), node.permissions);

    tree_->change(node);
    return {};
}

Status Nodes::add_device(const std::string &folder, const cuse::Node &node, cuse::Server &server)
{
    const cuse::CuseNode *const previous = devices_.empty() ? nullptr : devices_.back().get();
    auto device = cuse::CuseNode::create(folder + node.name, *node.device, previous);
    if (!device)
        return std::unexpected(device.error());

    devices_.push_back(*std::move(device));
    if (auto shown = devices_.back()->show(server); !shown)
        return shown;

    return apply_to(devices_.back()->path(), node.permissions);
}

void Nodes::show_folder(const Frame &frame, const std::vector<cuse::Node> &nodes,
                        cuse::Server &server)
{
    const std::string folder = frame.dev_root + kFolder;
    if (!frame.may_hide)
        require_empty(folder);
    tree_.emplace(folder, nodes);
    tree_->show(server);
}

void Nodes::show_file(const std::string &folder, const cuse::Node &node, cuse::Server &server)
{
    ion_trees_.push_back(std::make_unique<cuse::FuseTree>(folder, node));
    ion_trees_.back()->show(server);
}

/// On the mount by mode and groups, which is what the kernel does there; of a device node the
/// kernel is asked, which knows of ACLs, too.
bool Nodes::may_use(const cuse::Credentials &who, const std::string &heap) const
{
    if (!tree_)
        return cuse::kernel_lets(who, path_of(heap));

    const auto folder = tree_->attributes_of("");
    const auto node = tree_->attributes_of(heap);
    return folder && who.may_enter(*folder) && node && who.may_use(*node);
}

cuse::Device *Nodes::device_of(const Inode &file) const
{
    cuse::Device *found = tree_ ? tree_->device_of(file) : nullptr;
    for (const auto &tree : ion_trees_)
        if (!found)
            found = tree->device_of(file);
    return found;
}

} // namespace dmaheap::daemon
