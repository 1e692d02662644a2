// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/control_socket.h"

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "tools/dmaheapd/accounts.h"
#include "tools/dmaheapd/config_text.h"

namespace dmaheap::daemon {

namespace {

std::optional<gid_t> group_of(const config::Config &config)
{
    if (!config.control_group)
        return std::nullopt;

    const auto group = config::resolve_group(*config.control_group);
    if (!group)
        throw std::runtime_error("control-group: " + config::in_quotes(*config.control_group) +
                                 ' ' + config::why_no_account(group.error()));
    return *group;
}

} // namespace

std::unique_ptr<control::Server> open_control(const config::Config &config, control::World world)
{
    const std::string path = config.control.value_or(control::kDefaultSocket);
    const auto group = group_of(config);
    if (path == "none")
        return nullptr;

    try {
        return std::make_unique<control::Server>(path, group, control::Commands(std::move(world)));
    } catch (const std::exception &error) {
        if (config.control)
            throw;
        spdlog::warn("{}; going on without dmaheapctl", error.what());
        return nullptr;
    }
}

} // namespace dmaheap::daemon
