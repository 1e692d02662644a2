// SPDX-License-Identifier: MIT
#include "tools/dmaheapd/config_limits.h"

#include <array>

#include <sys/un.h>

#include "core/size.h"
#include "tools/dmaheapd/accounts.h"
#include "tools/dmaheapd/config_text.h"

namespace dmaheap::config {

namespace {

constexpr std::size_t kLongestSocket = sizeof(sockaddr_un::sun_path) - 1;

std::unexpected<std::string> wrong(std::string_view text, std::string_view what)
{
    return std::unexpected(in_quotes(text).append(" ").append(what));
}

constexpr std::array kLimitsKeys{
    Key<Limits>{ "limit", "SIZE", "2GiB", "most bytes alive at once, in all heaps together",
                 set_bytes<&Limits::limit>, get_bytes<&Limits::limit> },
    Key<Limits>{ "limit-per-uid", "SIZE", "1GiB", "of those, most that one user has asked for",
                 set_bytes<&Limits::limit_per_uid>, get_bytes<&Limits::limit_per_uid> },
    Key<Limits>{ "limit-per-process", "SIZE", "512MiB",
                 "of those, most that one process has asked for",
                 set_bytes<&Limits::limit_per_process>, get_bytes<&Limits::limit_per_process> },
    Key<Limits>{ "max-buffer", "SIZE", "256MiB", "the largest buffer of any heap",
                 set_bytes<&Limits::max_buffer>, get_bytes<&Limits::max_buffer> },
};

} // namespace

std::expected<Bytes, std::string> read_limit(std::string_view text)
{
    const auto size = parse_size(text);
    if (!size && size.error().code == ERANGE)
        return wrong(text, "does not fit in 64 bits");
    if (!size)
        return wrong(text, "is not a size such as \"4096\", \"64KiB\", \"512MiB\" or \"2GiB\"");
    if (*size < page_size())
        return wrong(text, "would refuse every allocation: give at least a page");

    return *size;
}

std::span<const Key<Limits>> limits_keys()
{
    return kLimitsKeys;
}

Accepted set_control(Config &config, std::string_view text)
{
    if (text != "none" && !text.starts_with('/'))
        return wrong(text, "is neither an absolute path nor \"none\"");
    if (!is_plain_text(text))
        return wrong(text, "holds control characters or is not UTF-8");
    if (text.ends_with('/'))
        return wrong(text, "is a folder: give the path of the socket");
    if (text.size() > kLongestSocket)
        return wrong(text, "is longer than the " + std::to_string(kLongestSocket) +
                               " bytes that the name of a socket may have");

    config.control = text;
    return {};
}

Accepted set_control_group(Config &config, std::string_view text)
{
    if (text.empty())
        return wrong(text, "is empty: give a name or a number");
    if (!is_plain_text(text))
        return wrong(text, "holds control characters or is not UTF-8");
    if (const auto group = resolve_group(std::string(text)); !group)
        return wrong(text, why_no_account(group.error()));

    config.control_group = text;
    return {};
}

} // namespace dmaheap::config
