// SPDX-License-Identifier: MIT
#pragma once

#include "tools/dmaheapd/config_keys.h"

namespace dmaheap::config {

/// A number of bytes that is not 0, or what is wrong with it.
std::expected<Bytes, std::string> read_limit(std::string_view text);

template <auto Member, class Target>
Accepted set_bytes(Target &target, std::string_view text)
{
    const auto size = read_limit(text);
    if (!size)
        return std::unexpected(size.error());

    target.*Member = *size;
    return {};
}

template <auto Member, class Target>
std::optional<std::string> get_bytes(const Target &target)
{
    const std::optional<Bytes> &size = target.*Member;
    return size ? std::optional(format_size(*size)) : std::nullopt;
}

/// Of all heaps together: `[limits]` of the config file.
std::span<const Key<Limits>> limits_keys();

/// The control socket's place and group, for the table of the daemon's keys.
Accepted set_control(Config &config, std::string_view text);
Accepted set_control_group(Config &config, std::string_view text);

} // namespace dmaheap::config
