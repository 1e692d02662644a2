// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "core/exporter.h"
#include "tools/dmaheapd/config.h"
#include "tools/dmaheapd/exporters.h"

/// What "auto" becomes on this machine, found out by trying once. What is chosen, and why, is
/// logged.
namespace dmaheap::daemon {

/// Never returns Frontend::automatic. Throws std::runtime_error when the one asked for cannot be
/// had.
config::Frontend choose_frontend(const config::Config &config);

/// `on_live`: see UdmabufExporter and BufferFileExporter. Throws std::runtime_error when the one
/// asked for cannot be had.
std::unique_ptr<Exporter> choose_exporter(config::Exporter wanted, std::function<void()> on_live);

/// The same with buffer files for what that one cannot show, unless one kind was asked for.
std::unique_ptr<Exporters> choose_exporters(config::Exporter wanted, std::function<void()> on_live);

/// Has them show what the config's regions are. Throws config::Refused when they cannot be made to.
void expect_regions(Exporters &exporters, const config::Config &config);

} // namespace dmaheap::daemon
