// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/choices.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <spdlog/spdlog.h>

#include "core/udmabuf.h"
#include "cuse/buffer_file.h"
#include "cuse/cuse_node.h"
#include "tools/dmaheapd/memory_rules.h"

namespace dmaheap::daemon {

namespace {

using cuse::BufferFileExporter;

std::string reason(const Error &error)
{
    return std::string(error.step) + ": " + std::strerror(error.code);
}

std::unique_ptr<Exporter> make_buffer_file(BufferFileExporter::Backing backing,
                                           std::function<void()> on_live)
{
    auto exporter = std::make_unique<BufferFileExporter>(backing, std::move(on_live));
    spdlog::info("buffers: buffer files {}; no driver can import them",
                 exporter->has_passthrough() ? "with passthrough to their memory"
                                             : "through the page cache");
    return exporter;
}

/// Passthrough shows whole files only, so that these would have nothing of it.
std::unique_ptr<Exporter> make_for_files(std::function<void()> on_live)
{
    auto exporter = std::make_unique<BufferFileExporter>(BufferFileExporter::Backing::page_cache,
                                                         std::move(on_live));
    spdlog::info("buffers of regions that are files: buffer files through the page cache; no "
                 "driver can import them");
    return exporter;
}

} // namespace

config::Frontend choose_frontend(const config::Config &config)
{
    using config::Frontend;
    const bool in_dev = config.dev_root == "/dev";
    if (config.frontend == Frontend::cuse && !in_dev)
        throw std::runtime_error("--frontend cuse makes nodes under /dev only, not under " +
                                 config.dev_root);
    if (config.frontend == Frontend::fuse || !in_dev) {
        spdlog::info("frontend: fuse, because {}",
                     in_dev ? "it was asked for" : "the nodes are not to be under /dev");
        return Frontend::fuse;
    }
    const auto available = cuse::CuseNode::available();
    if (!available && config.frontend == Frontend::cuse)
        throw std::runtime_error("/dev/cuse: " + reason(available.error()) +
                                 "; this kernel has no CUSE: use --frontend fuse");

    spdlog::info("frontend: {}", available ? "cuse"
                                           : "fuse, because /dev/cuse cannot be opened (" +
                                                 reason(available.error()) + ")");
    return available ? Frontend::cuse : Frontend::fuse;
}

std::unique_ptr<Exporter> choose_exporter(config::Exporter wanted, std::function<void()> on_live)
{
    if (wanted == config::Exporter::buffer_file)
        return make_buffer_file(BufferFileExporter::Backing::passthrough, std::move(on_live));
    if (wanted == config::Exporter::buffer_file_cached)
        return make_buffer_file(BufferFileExporter::Backing::page_cache, std::move(on_live));

    auto udmabuf = UdmabufExporter::open(on_live);
    if (udmabuf) {
        spdlog::info("buffers: udmabuf");
        return *std::move(udmabuf);
    }
    if (wanted == config::Exporter::udmabuf)
        throw std::runtime_error("/dev/udmabuf: " + reason(udmabuf.error()) +
                                 "; this kernel makes no dma-bufs for us: use --exporter "
                                 "buffer-file");
    return make_buffer_file(BufferFileExporter::Backing::passthrough, std::move(on_live));
}

std::unique_ptr<Exporters> choose_exporters(config::Exporter wanted, std::function<void()> on_live)
{
    Exporters::Make make;
    if (wanted == config::Exporter::automatic)
        make = [on_live] { return make_for_files(on_live); };
    return std::make_unique<Exporters>(choose_exporter(wanted, std::move(on_live)),
                                       std::move(make));
}

void expect_regions(Exporters &exporters, const config::Config &config)
{
    const auto file = std::ranges::find_if(
        config.regions, [](const config::Region &region) { return region.file.has_value(); });
    if (file == config.regions.end())
        return;

    try {
        exporters.expect_named_files();
    } catch (const std::system_error &error) {
        config::refuse_setting(config, config::name_of_table(*file), "file",
                               "needs buffer files, which cannot be had: " +
                                   std::string(error.what()));
    }
}

} // namespace dmaheap::daemon
