// SPDX-License-Identifier: MIT
#include "cuse/mount_table.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <sstream>
#include <system_error>

#include "core/sys.h"

namespace dmaheap::cuse {

namespace {

/// Undoes the octal escapes.
std::string unescape(const std::string &text)
{
    constexpr int kOctal = 8;
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size()) {
            plain += static_cast<char>(std::stoi(text.substr(at + 1, 3), nullptr, kOctal));
            at += 3;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

/// 36 35 98:0 / /mnt rw,noatime shared:1 - ext3 /dev/root rw; before the "-" as many as there are.
std::optional<Mount> mount_in(const std::string &line)
{
    std::istringstream fields(line);
    Mount mount{};
    std::string field;
    fields >> mount.id >> mount.parent >> field >> field >> mount.point;
    while (fields >> field && field != "-")
        ;
    if (!(fields >> mount.type >> mount.source))
        return std::nullopt;

    mount.point = unescape(mount.point);
    mount.source = unescape(mount.source);
    return mount;
}

} // namespace

std::vector<Mount> mounts_in(const std::string &text)
{
    std::istringstream lines(text);
    std::vector<Mount> mounts;
    for (std::string line; std::getline(lines, line);)
        if (auto mount = mount_in(line))
            mounts.push_back(*std::move(mount));
    return mounts;
}

std::vector<Mount> read_mounts()
{
    return mounts_in(sys::read_text("/proc/self/mountinfo").value_or(""));
}

const Mount *topmost_at(const std::string &point, const std::vector<Mount> &mounts)
{
    const auto is_covered = [&](const Mount &mount) {
        return std::ranges::any_of(mounts, [&](const Mount &other) {
            return other.parent == mount.id && other.point == point;
        });
    };
    const auto found = std::ranges::find_if(
        mounts, [&](const Mount &mount) { return mount.point == point && !is_covered(mount); });
    return found == mounts.end() ? nullptr : &*found;
}

std::string as_in_table(const std::string &path)
{
    const std::filesystem::path given(path);
    std::error_code missing;
    const auto around = std::filesystem::canonical(given.parent_path(), missing);
    return missing ? path : (around / given.filename()).string();
}

} // namespace dmaheap::cuse
