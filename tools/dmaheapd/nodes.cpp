// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/nodes.h"

#include <system_error>
#include <utility>

#include <spdlog/spdlog.h>

#include "cuse/fuse_mount.h"
#include "cuse/kernel_access.h"
#include "tools/dmaheapd/choices.h"
#include "tools/dmaheapd/dev_root.h"
#include "tools/dmaheapd/ion_nodes.h"
#include "tools/dmaheapd/node_permissions.h"

namespace dmaheap::daemon {

namespace {

void require(const std::string &node, const Status &done)
{
    if (!done)
        throw std::system_error(done.error().code, std::generic_category(),
                                "node " + node + ": " + done.error().step);
}

} // namespace

void Nodes::show(const config::Config &config, const std::vector<cuse::Node> &heaps,
                 const std::vector<cuse::Node> &ion, cuse::Server &server)
{
    const bool devices = choose_frontend(config) == config::Frontend::cuse;
    if (devices)
        for (const cuse::Node &node : heaps)
            show_device("dma_heap/", node, server);
    else
        show_folder(config.dev_root + kFolder, heaps, server);

    for (const cuse::Node &node : ion) {
        if (devices)
            show_device("", node, server);
        else
            show_file(config.dev_root, node, server);
        spdlog::info("serving ION at {}/{}", config.dev_root, node.name);
    }
}

void Nodes::show_device(const std::string &folder, const cuse::Node &node, cuse::Server &server)
{
    const cuse::CuseNode *const previous = devices_.empty() ? nullptr : devices_.back().get();
    auto device = cuse::CuseNode::create(folder + node.name, *node.device, previous);
    require(node.name, device ? Status() : std::unexpected(device.error()));
    devices_.push_back(*std::move(device));
    require(node.name, devices_.back()->show(server));
    require(node.name, apply_to(devices_.back()->path(), node.permissions));
}

void Nodes::show_folder(const std::string &folder, const std::vector<cuse::Node> &nodes,
                        cuse::Server &server)
{
    require_empty(folder);
    tree_.emplace(folder, nodes);
    tree_->show(server);
}

void Nodes::show_file(const std::string &folder, const cuse::Node &node, cuse::Server &server)
{
    const std::string path = folder + "/" + node.name;
    cuse::remove_stale_mounts(path);
    require_free(path);
    ion_trees_.push_back(std::make_unique<cuse::FuseTree>(folder, node));
    ion_trees_.back()->show(server);
}

/// On the mount by mode and groups, which is what the kernel does there; of a device node the
/// kernel is asked, which knows of ACLs, too.
bool Nodes::may_use(const cuse::Credentials &who, const std::string &heap) const
{
    if (!tree_)
        return cuse::kernel_lets(who, std::string("/dev") + kFolder + "/" + heap);

    const auto folder = tree_->attributes_of("");
    const auto node = tree_->attributes_of(heap);
    return folder && who.may_enter(*folder) && node && who.may_use(*node);
}

cuse::Device *Nodes::device_of(const struct stat &file) const
{
    cuse::Device *found = tree_ ? tree_->device_of(file) : nullptr;
    for (const auto &tree : ion_trees_)
        if (!found)
            found = tree->device_of(file);
    return found;
}

} // namespace dmaheap::daemon
