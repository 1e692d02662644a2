// SPDX-License-Identifier: MIT
#include "core/file_identity.h"

#include <charconv>
#include <optional>
#include <string_view>

#include <fcntl.h>

#include "core/sys.h"

namespace dmaheap {

namespace {

constexpr int kDecimal = 10;
constexpr int kOctal = 8;

/// The number behind `key` at the beginning of a line.
std::optional<std::uint64_t> field(std::string_view text, std::string_view key, int base)
{
    const auto at = text.starts_with(key) ? 0 : text.find(std::string("\n").append(key));
    if (at == std::string_view::npos)
        return std::nullopt;

    const auto rest = text.substr(at);
    const auto number = rest.find_first_of("0123456789");
    std::uint64_t value = 0;
    if (number == std::string_view::npos ||
        std::from_chars(rest.data() + number, rest.data() + rest.size(), value, base).ec !=
            std::errc())
        return std::nullopt;

    return value;
}

Result<FileIdentity> identity_in(const std::string &path, Places places)
{
    const auto text = sys::read_text(path.c_str());
    if (!text)
        return failure(text.error().code == ENOENT ? EBADF : text.error().code, "descriptor");

    return parse_fdinfo(*text, places);
}

} // namespace

Result<FileIdentity> parse_fdinfo(const std::string &text, Places places)
{
    const auto flags = field(text, "flags:", kOctal);
    const auto mount = field(text, "mnt_id:", kDecimal);
    const auto inode = field(text, "ino:", kDecimal);
    if (!flags || !mount || !inode)
        return failure(EINVAL, "fdinfo without an inode");
    if (places == Places::refused && (*flags & O_PATH) != 0)
        return failure(EBADF, "descriptor of a place");

    return FileIdentity{ .mount = *mount, .inode = *inode };
}

Result<FileIdentity> identity_of(pid_t thread, int fd)
{
    if (fd < 0)
        return failure(EBADF, "descriptor");

    return identity_in("/proc/" + std::to_string(thread) + "/fdinfo/" + std::to_string(fd),
                       Places::refused);
}

Result<FileIdentity> identity_of(int fd)
{
    return identity_in("/proc/self/fdinfo/" + std::to_string(fd), Places::accepted);
}

} // namespace dmaheap
