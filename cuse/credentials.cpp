// SPDX-License-Identifier: MIT
#include "cuse/credentials.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string>

#include <linux/capability.h>

#include "core/sys.h"

namespace dmaheap::cuse {

namespace {

constexpr std::uint64_t kOverride = std::uint64_t{ 1 } << CAP_DAC_OVERRIDE;
constexpr mode_t kReadAndWrite = 06;
constexpr mode_t kSearch = 01;
constexpr int kDecimal = 10;
constexpr int kHexadecimal = 16;

/// What stands behind `key` on its line; nothing when there is no such line.
std::optional<std::string_view> line_of(std::string_view status, std::string_view key)
{
    const auto at = status.find(key);
    if (at == std::string_view::npos)
        return std::nullopt;

    const auto rest = status.substr(at + key.size());
    return rest.substr(0, rest.find('\n'));
}

std::vector<std::uint64_t> numbers_in(std::string_view line, int base)
{
    std::vector<std::uint64_t> numbers;
    const char *at = line.data();
    const char *const end = line.data() + line.size();
    while (at != end) {
        std::uint64_t number = 0;
        const auto [rest, status] = std::from_chars(at, end, number, base);
        if (status == std::errc())
            numbers.push_back(number);
        at = status == std::errc() ? rest : at + 1;
    }
    return numbers;
}

bool holds(const std::vector<IdRange> &ranges, std::uint64_t id)
{
    return std::ranges::any_of(ranges, [id](const IdRange &range) {
        return id >= range.first && id - range.first < range.count;
    });
}

} // namespace

bool Credentials::overrides(uid_t owner, gid_t owning_group) const
{
    return (capabilities & kOverride) != 0 && holds(users, owner) &&
           holds(all_groups, owning_group);
}

bool Credentials::may_use(const struct stat &file) const
{
    return granted(file, kReadAndWrite);
}

bool Credentials::may_enter(const struct stat &folder) const
{
    return granted(folder, kSearch);
}

bool Credentials::granted(const struct stat &file, mode_t wanted) const
{
    const bool in_group =
        group == file.st_gid || std::ranges::find(groups, file.st_gid) != groups.end();
    const unsigned shift = user == file.st_uid ? 6 : in_group ? 3 : 0;
    const mode_t bits = file.st_mode >> shift & wanted;
    return bits == wanted || overrides(file.st_uid, file.st_gid);
}

Result<Credentials> parse_status(std::string_view status)
{
    constexpr std::size_t kFileSystemId = 3; // real, effective, saved, file system
    const auto users = numbers_in(line_of(status, "\nUid:").value_or(""), kDecimal);
    const auto groups = numbers_in(line_of(status, "\nGid:").value_or(""), kDecimal);
    const auto more = line_of(status, "\nGroups:");
    const auto capabilities = numbers_in(line_of(status, "\nCapEff:").value_or(""), kHexadecimal);
    if (users.size() <= kFileSystemId || groups.size() <= kFileSystemId || !more ||
        capabilities.empty())
        return failure(EINVAL, "/proc/TID/status");

    Credentials found;
    found.user = static_cast<uid_t>(users[kFileSystemId]);
    found.group = static_cast<gid_t>(groups[kFileSystemId]);
    for (const std::uint64_t group : numbers_in(*more, kDecimal))
        found.groups.push_back(static_cast<gid_t>(group));
    found.capabilities = capabilities.front();
    return found;
}

std::vector<IdRange> parse_id_map(std::string_view text)
{
    std::vector<IdRange> ranges;
    std::istringstream lines{ std::string(text) };
    std::uint64_t inside = 0;
    for (IdRange range{}; lines >> inside >> range.first >> range.count;)
        ranges.push_back(range);
    return ranges;
}

Result<Credentials> credentials_of(pid_t thread)
{
    const std::string folder = "/proc/" + std::to_string(thread);
    const auto status = sys::read_text((folder + "/status").c_str());
    const auto users = sys::read_text((folder + "/uid_map").c_str());
    const auto groups = sys::read_text((folder + "/gid_map").c_str());
    if (!status || !users || !groups)
        return failure(EACCES, "ids of the caller in /proc");

    auto found = parse_status(*status);
    if (!found)
        return found;

    found->users = parse_id_map(*users);
    found->all_groups = parse_id_map(*groups);
    return found;
}

} // namespace dmaheap::cuse
