// SPDX-License-Identifier: MIT
#include "core/available_memory.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>

#include "core/sys.h"

namespace dmaheap {

namespace {

constexpr Bytes kUnlimited = std::numeric_limits<Bytes>::max();
constexpr unsigned kKiB = 10;

/// The number after `key`, or at the start when that is empty. Nothing for "max".
std::optional<Bytes> number_after(const std::string &path, std::string_view key)
{
    const auto text = sys::read_text(path.c_str());
    const auto at = text ? text->find(key) : std::string::npos;
    if (at == std::string::npos)
        return std::nullopt;

    const auto digits = text->find_first_not_of(' ', at + key.size());
    if (digits == std::string::npos)
        return std::nullopt;

    Bytes number = 0;
    const auto [rest, status] =
        std::from_chars(text->data() + digits, text->data() + text->size(), number);
    return status == std::errc() ? std::optional(number) : std::nullopt;
}

Bytes left_in(const std::string &cgroup)
{
    const auto most = number_after(cgroup + "/memory.max", "");
    const auto used = number_after(cgroup + "/memory.current", "");
    if (!most || !used)
        return kUnlimited;

    return *most - std::min(*most, *used);
}

/// Our cgroup's path below the mount of the hierarchy.
std::string own_cgroup()
{
    const auto text = sys::read_text("/proc/self/cgroup");
    constexpr std::string_view kVersion2 = "0::";
    const auto at = text ? text->find(kVersion2) : std::string::npos;
    if (at == std::string::npos)
        return "/";

    const auto start = at + kVersion2.size();
    return text->substr(start, text->find('\n', start) - start);
}

} // namespace

Bytes available_memory()
{
    Bytes least = machine_memory();
    if (const auto kilobytes = number_after("/proc/meminfo", "MemAvailable:"))
        least = *kilobytes << kKiB;
    const std::filesystem::path root = "/sys/fs/cgroup";
    for (auto group = std::filesystem::path(own_cgroup()); group.has_relative_path();
         group = group.parent_path())
        least = std::min(least, left_in(root / group.relative_path()));
    return least;
}

} // namespace dmaheap
